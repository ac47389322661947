// Layer norm (Ba, Kiros and Hinton, 2016), a row at a time: centred before it is scaled, as the variance of numbers far from 0 needs. And
// the Euclidean norm of many tensors.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fused.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;


struct LayerNorm {
  static SIMVLM_INLINE void run(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                                float* rstd, int64_t rows, int64_t width, float epsilon) {
    const int64_t whole = width - width % kLanes, rest = width - whole;
    for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
      Floats total = rest > 0 ? simd::loadSome(x + whole, rest) : Floats{};
      for (int64_t i = 0; i < whole; i += kLanes) total += simd::load(x + i);
      const float centre = simd::sum(total) / static_cast<float>(width);
      Floats squares{};
      if (rest > 0) {
        const Floats d = simd::loadSome(x + whole, rest, centre) - centre;
        squares = d * d;
      }
      for (int64_t i = 0; i < whole; i += kLanes) {
        const Floats d = simd::load(x + i) - centre;
        squares += d * d;
      }
      const float scale = 1.0f / std::sqrt(simd::sum(squares) / static_cast<float>(width) + epsilon);
      for (int64_t i = 0; i < whole; i += kLanes)
        simd::store(y + i,
                    (simd::load(x + i) - centre) * scale * simd::load(gamma + i) + simd::load(beta + i));
      if (rest > 0) {
        const Floats normed = (simd::loadSome(x + whole, rest) - centre) * scale;
        simd::storeSome(
            y + whole, normed * simd::loadSome(gamma + whole, rest) + simd::loadSome(beta + whole, rest), rest);
      }
      mean[row] = centre;
      rstd[row] = scale;
    }
  }
};

/** Σx², of at most `kRun` numbers in float32 at a time. */
struct Squares {
  static constexpr int64_t kRun = 64 * kLanes;

  static SIMVLM_INLINE void run(const float* x, int64_t count, double* result) {
    double total = 0;
    int64_t i = 0;
    while (i + kLanes <= count) {
      Floats part{};
      const int64_t stop = std::min(i + kRun, count);
      for (; i + kLanes <= stop; i += kLanes) {
        const Floats v = simd::load(x + i);
        part += v * v;
      }
      total += simd::sum(part);
    }
    if (i < count) {
      const Floats v = simd::loadSome(x + i, count - i);
      total += simd::sum(v * v);
    }
    *result = total;
  }
};

/** Numbers of one tensor that are summed by one thread. */
constexpr int64_t kPiece = int64_t{1} << 18;

struct Piece {
  const float* from;
  int64_t count;
  double sum;
};

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> layerNorm(const at::Tensor& given, const at::Tensor& gamma,
                                                         const at::Tensor& beta, double epsilon) {
  const at::Tensor x = given.contiguous(), scale = gamma.contiguous(), shift = beta.contiguous();
  const int64_t rows = x.size(0), width = x.size(1);
  at::Tensor y = at::empty_like(x), mean = at::empty({rows}, x.options()), rstd = at::empty_like(mean);
  const float *from = x.data_ptr<float>(), *by = scale.data_ptr<float>(), *add = shift.data_ptr<float>();
  float *to = y.data_ptr<float>(), *means = mean.data_ptr<float>(), *rstds = rstd.data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, simd::kGrain / std::max<int64_t>(width, 1));
  at::parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
    simd::run<LayerNorm>(from + begin * width, by, add, to + begin * width, means + begin, rstds + begin,
                         end - begin, width, static_cast<float>(epsilon));
  });
  return {y, mean, rstd};
}

at::Tensor globalNorm(at::TensorList tensors) {
  std::vector<at::Tensor> held;
  std::vector<Piece> pieces;
  for (const at::Tensor& tensor : tensors) {
    held.push_back(tensor.contiguous());
    const float* from = held.back().data_ptr<float>();
    for (int64_t at = 0; at < tensor.numel(); at += kPiece)
      pieces.push_back({from + at, std::min(kPiece, tensor.numel() - at), 0});
  }
  at::parallel_for(0, static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Piece& piece = pieces[static_cast<size_t>(i)];
      simd::run<Squares>(piece.from, piece.count, &piece.sum);
    }
  });
  // In the order of the tensors, whoever summed which.
  double total = 0;
  for (const Piece& piece : pieces) total += piece.sum;
  at::Tensor norm = at::empty({}, at::TensorOptions(at::kFloat));
  *norm.data_ptr<float>() = static_cast<float>(std::sqrt(total));
  return norm;
}

}  // namespace simvlm
