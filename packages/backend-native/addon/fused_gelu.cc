// GELU (Hendrycks and Gimpel, 2016) in its tanh form: z · σ(s) with s = 2√(2/π) · (z + 0.044715 z³). `R` rows, `O` columns.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "fused.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

constexpr float kLinear = 1.5957691216057308f;  // 2√(2/π)
constexpr float kCubic = 0.044715f * kLinear;

SIMVLM_INLINE Floats gate(Floats z) {
  const Floats s = (z * z * kCubic + kLinear) * z;
  return 1.0f / (1.0f + simd::exp(-s));
}

struct Gelu {
  static SIMVLM_INLINE void run(const float* z, float* y, int64_t count) {
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      const Floats x = simd::load(z + i);
      simd::store(y + i, x * gate(x));
    }
    if (i == count) return;
    const Floats x = simd::loadSome(z + i, count - i);
    simd::storeSome(y + i, x * gate(x), count - i);
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

/** dy · (g + z · g (1 − g) · s′) with g = σ(s), which is stored. */
struct GeluGradient {
  static SIMVLM_INLINE Floats at(const float* dy, const float* z, float* dz, int64_t count) {
    const bool whole = count == kLanes;
    const Floats x = whole ? simd::load(z) : simd::loadSome(z, count);
    const Floats by = whole ? simd::load(dy) : simd::loadSome(dy, count);
    const Floats g = gate(x);
    const Floats slope = x * x * (3 * kCubic) + kLinear;
    const Floats d = by * (g + x * g * (1.0f - g) * slope);
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

at::Tensor gelu(const at::Tensor& given) {
  const at::Tensor z = given.contiguous();
  at::Tensor y = at::empty_like(z);
  const float* from = z.data_ptr<float>();
  float* to = y.data_ptr<float>();
  at::parallel_for(0, z.numel(), simd::kGrain, [&](int64_t begin, int64_t end) {
    simd::run<Gelu>(from + begin, to + begin, end - begin);
  });
  return y;
}

std::tuple<at::Tensor, at::Tensor> geluBackward(const at::Tensor& given, const at::Tensor& before) {
  const at::Tensor dy = given.contiguous(), z = before.contiguous();
  at::Tensor dz = at::empty_like(z), db = at::empty({z.size(1)}, z.options());
  overColumns<GeluGradient>(dy.data_ptr<float>(), z.data_ptr<float>(), dz.data_ptr<float>(),
                            db.data_ptr<float>(), z.size(0), z.size(1));
  return {dz, db};
}

at::Tensor columnSums(const at::Tensor& given) {
  const at::Tensor x = given.contiguous();
  at::Tensor sums = at::empty({x.size(1)}, x.options());
  overColumns<Sums>(x.data_ptr<float>(), nullptr, nullptr, sums.data_ptr<float>(), x.size(0), x.size(1));
  return sums;
}

}  // namespace simvlm
