// Activations, and their gradients with the sums over the rows. `R` rows, `O` columns.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "activations.h"
#include "fused.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

template <class Curve>
struct Activated {
  static SIMVLM_INLINE void run(const float* z, float* y, int64_t count) {
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) simd::store(y + i, Curve::value(simd::load(z + i)));
    if (i < count) simd::storeSome(y + i, Curve::value(simd::loadSome(z + i, count - i)), count - i);
  }
};

/** Columns that are summed at a time: their sums stay in the first cache. */
constexpr int64_t kTile = 16 * kLanes;
/** Rows whose sum is taken by itself, so that errors grow with the root of the number of rows. */
constexpr int64_t kBlock = 32;

/** What is summed over the rows. */
struct Sums {
  static SIMVLM_INLINE Floats at(const float* x, const float*, float*, int64_t count) {
    return count == kLanes ? simd::load(x) : simd::loadSome(x, count);
  }
};

/** dy · the curve's slope at z, which is stored. */
template <class Curve>
struct Gradient {
  static SIMVLM_INLINE Floats at(const float* dy, const float* z, float* dz, int64_t count) {
    const bool whole = count == kLanes;
    const Floats x = whole ? simd::load(z) : simd::loadSome(z, count);
    const Floats d = (whole ? simd::load(dy) : simd::loadSome(dy, count)) * Curve::slope(x);
    if (whole)
      simd::store(dz, d);
    else
      simd::storeSome(dz, d, count);
    return d;
  }
};

/** Sums of what `What` makes of the columns `begin` to `end` of rows of `width`. */
template <class What>
struct Columns {
  static SIMVLM_INLINE void run(const float* x, const float* z, float* out, float* sums, int64_t rows,
                                int64_t width, int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; tile += kTile) {
      const int64_t stop = std::min(tile + kTile, end);
      Floats total[kTile / kLanes] = {};
      for (int64_t block = 0; block < rows; block += kBlock) {
        Floats part[kTile / kLanes] = {};
        for (int64_t row = block; row < std::min(block + kBlock, rows); ++row) {
          const int64_t at = row * width;
          int64_t c = tile;
          for (; c + kLanes <= stop; c += kLanes)
            part[(c - tile) / kLanes] += What::at(x + at + c, z + at + c, out + at + c, kLanes);
          if (c < stop) part[(c - tile) / kLanes] += What::at(x + at + c, z + at + c, out + at + c, stop - c);
        }
        for (int64_t i = 0; i < kTile / kLanes; ++i) total[i] += part[i];
      }
      for (int64_t c = tile; c < stop; c += kLanes)
        simd::storeSome(sums + c, total[(c - tile) / kLanes], std::min(kLanes, stop - c));
    }
  }
};

/** Threads share the columns, so that a sum does not depend on how many there are. */
template <class What>
void overColumns(const float* x, const float* z, float* out, float* sums, int64_t rows, int64_t width) {
  const int64_t vectors = (width + kLanes - 1) / kLanes;
  const int64_t grain = std::max<int64_t>(1, simd::kGrain / kLanes / std::max<int64_t>(rows, 1));
  at::parallel_for(0, vectors, grain, [&](int64_t begin, int64_t end) {
    simd::run<Columns<What>>(x, z, out, sums, rows, width, begin * kLanes, std::min(end * kLanes, width));
  });
}

}  // namespace

at::Tensor activated(const at::Tensor& given, int64_t activation) {
  const at::Tensor z = given.contiguous();
  at::Tensor y = at::empty_like(z);
  const float* from = z.data_ptr<float>();
  float* to = y.data_ptr<float>();
  withCurve(static_cast<Activation>(activation), [&](auto curve) {
    at::parallel_for(0, z.numel(), simd::kGrain, [&](int64_t begin, int64_t end) {
      simd::run<Activated<decltype(curve)>>(from + begin, to + begin, end - begin);
    });
  });
  return y;
}

std::tuple<at::Tensor, at::Tensor> activatedBackward(const at::Tensor& given, const at::Tensor& before,
                                                     int64_t activation) {
  const at::Tensor dy = given.contiguous(), z = before.contiguous();
  at::Tensor dz = at::empty_like(z), db = at::empty({z.size(1)}, z.options());
  withCurve(static_cast<Activation>(activation), [&](auto curve) {
    overColumns<Gradient<decltype(curve)>>(dy.data_ptr<float>(), z.data_ptr<float>(), dz.data_ptr<float>(),
                                           db.data_ptr<float>(), z.size(0), z.size(1));
  });
  return {dz, db};
}

at::Tensor columnSums(const at::Tensor& given) {
  const at::Tensor x = given.contiguous();
  at::Tensor sums = at::empty({x.size(1)}, x.options());
  overColumns<Sums>(x.data_ptr<float>(), nullptr, nullptr, sums.data_ptr<float>(), x.size(0), x.size(1));
  return sums;
}

}  // namespace simvlm
