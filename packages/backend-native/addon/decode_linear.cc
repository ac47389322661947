// Linear maps of few rows, which is what a step of decoding consists of, with what a sublayer has around them.
// `R` rows, `I` inputs, `O` outputs.
//
// Why not BLAS: it copies the matrix into an order of its own before it multiplies, which pays where there are hundreds of
// rows. With one row a product is one look at the matrix, as fast as the caches give it.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "after_product.h"
#include "decoding.h"
#include "fused.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

/** y = residual + activation(x · w + bias). */
struct FewRows : AfterProduct {
  const float* x;  // [R, I]
  const float* w;  // [I, O], or [O, I] where `transposed`
  int64_t inputs;
  bool transposed;
};

constexpr int kInputsAtOnce = 8;  // rows of the matrix that are read side by side
constexpr int kAhead = 8;         // rows of the matrix that are fetched ahead

/** Up to four rows: the matrix is read in the order in which it lies, and sums wait in y. */
template <int R>
SIMVLM_INLINE void streamed(const FewRows& job, int64_t from, int64_t to) {
  const int64_t I = job.inputs, O = job.outputs;
  const float* x = job.x;
  float* y = job.y;
  for (int r = 0; r < R; ++r) std::fill(y + r * O + from, y + r * O + to, 0.0f);
  int64_t i = 0;
  for (; i + kInputsAtOnce <= I; i += kInputsAtOnce) {
    const float* w = job.w + i * O;
    int64_t o = from;
    for (; o + kLanes <= to; o += kLanes) {
      Floats rows[kInputsAtOnce];
      SIMVLM_UNROLL for (int g = 0; g < kInputsAtOnce; ++g) rows[g] = simd::load(w + g * O + o);
      SIMVLM_UNROLL for (int r = 0; r < R; ++r) {
        Floats sum = simd::load(y + r * O + o);
        SIMVLM_UNROLL for (int g = 0; g < kInputsAtOnce; ++g) sum += x[r * I + i + g] * rows[g];
        simd::store(y + r * O + o, sum);
      }
    }
    for (; o < to; ++o)
      for (int r = 0; r < R; ++r)
        for (int g = 0; g < kInputsAtOnce; ++g) y[r * O + o] += x[r * I + i + g] * w[g * O + o];
  }
  for (; i < I; ++i)
    for (int r = 0; r < R; ++r)
      for (int64_t o = from; o < to; ++o) y[r * O + o] += x[r * I + i] * job.w[i * O + o];
}

/** R rows and C vectors of columns, whose sums stay in registers. */
template <int R, int C>
SIMVLM_INLINE void tile(const FewRows& job, int64_t row, int64_t column) {
  const int64_t I = job.inputs, O = job.outputs;
  const float* x = job.x + row * I;
  const float* w = job.w + column;
  Floats sums[R][C];
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int c = 0; c < C; ++c) sums[r][c] = Floats{};
  for (int64_t i = 0; i < I; ++i, w += O) {
    Floats columns[C];
    SIMVLM_UNROLL for (int c = 0; c < C; ++c) {
      columns[c] = simd::load(w + c * kLanes);
      __builtin_prefetch(w + c * kLanes + kAhead * O);
    }
    SIMVLM_UNROLL for (int r = 0; r < R; ++r) {
      const float number = x[r * I + i];
      SIMVLM_UNROLL for (int c = 0; c < C; ++c) sums[r][c] += number * columns[c];
    }
  }
  float* y = job.y + row * O + column;
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int c = 0; c < C; ++c) simd::store(y + r * O + c * kLanes, sums[r][c]);
}

/** All rows of C vectors of columns. */
template <int R, int C>
SIMVLM_INLINE void strip(const FewRows& job, int64_t column) {
  int64_t row = 0;
  for (; row + R <= job.rows; row += R) tile<R, C>(job, row, column);
  for (; row + 2 <= job.rows; row += 2) tile<2, C>(job, row, column);
  if (row < job.rows) tile<1, C>(job, row, column);
}

template <int R, int C>
SIMVLM_INLINE void tiled(const FewRows& job, int64_t from, int64_t to) {
  int64_t o = from;
  for (; o + C * kLanes <= to; o += C * kLanes) strip<R, C>(job, o);
  for (; o + kLanes <= to; o += kLanes) strip<R, 1>(job, o);
  for (; o < to; ++o)
    for (int64_t r = 0; r < job.rows; ++r) {
      float sum = 0;
      for (int64_t i = 0; i < job.inputs; ++i) sum += job.x[r * job.inputs + i] * job.w[i * job.outputs + o];
      job.y[r * job.outputs + o] = sum;
    }
}

/** The matrix transposed: dot products of R rows of x and M rows of the matrix. */
template <int R, int M>
SIMVLM_INLINE void dots(const FewRows& job, int64_t row, int64_t output) {
  const int64_t I = job.inputs;
  const float* x = job.x + row * I;
  const float* w = job.w + output * I;
  Floats sums[R][M];
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) sums[r][m] = Floats{};
  int64_t i = 0;
  for (; i + kLanes <= I; i += kLanes) {
    Floats matrix[M];
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) matrix[m] = simd::load(w + m * I + i);
    SIMVLM_UNROLL for (int r = 0; r < R; ++r) {
      const Floats numbers = simd::load(x + r * I + i);
      SIMVLM_UNROLL for (int m = 0; m < M; ++m) sums[r][m] += numbers * matrix[m];
    }
  }
  if (i < I) {
    SIMVLM_UNROLL for (int r = 0; r < R; ++r)
      SIMVLM_UNROLL for (int m = 0; m < M; ++m)
        sums[r][m] += simd::loadSome(x + r * I + i, I - i) * simd::loadSome(w + m * I + i, I - i);
  }
  float* y = job.y + row * job.outputs + output;
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) y[r * job.outputs + m] = simd::sum(sums[r][m]);
}

template <int R, int M>
SIMVLM_INLINE void dotted(const FewRows& job, int64_t from, int64_t to) {
  int64_t o = from;
  for (; o + M <= to; o += M) {
    int64_t row = 0;
    for (; row + R <= job.rows; row += R) dots<R, M>(job, row, o);
    for (; row < job.rows; ++row) dots<1, M>(job, row, o);
  }
  for (; o < to; ++o)
    for (int64_t row = 0; row < job.rows; ++row) dots<1, 1>(job, row, o);
}

/** Outputs `from` to `to`. R · C sums and a few vectors more are what the registers hold, and half of R · M. */
template <int R, int C, int M>
struct Outputs {
  static SIMVLM_INLINE void run(const FewRows* given, int64_t from, int64_t to) {
    const FewRows job = *given;
    if (job.transposed)
      dotted<R / 2, M>(job, from, to);
    else if (job.rows == 1)
      streamed<1>(job, from, to);
    else if (job.rows == 2)
      streamed<2>(job, from, to);
    else if (job.rows == 3)
      streamed<3>(job, from, to);
    else if (job.rows == 4)
      streamed<4>(job, from, to);
    else
      tiled<R, C>(job, from, to);
    finish(job, from, to);
  }
};

/** Outputs that a thread takes at least: those of the widest tile. */
constexpr int64_t kStrip = 3 * kLanes;

void compute(const FewRows& job) {
  const int64_t strips = (job.outputs + kStrip - 1) / kStrip;
  const int64_t grain = std::max<int64_t>(1, kProductsPerThread / std::max<int64_t>(1, job.rows * job.inputs * kStrip));
  at::parallel_for(0, strips, grain, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * kStrip, to = std::min(end * kStrip, job.outputs);
    if (hasManyRegisters())
      simd::run<Outputs<8, 3, 4>>(&job, from, to);
    else
      simd::run<Outputs<4, 1, 2>>(&job, from, to);
  });
}

}  // namespace

at::Tensor decodeLinear(const at::Tensor& x, const at::Tensor& w, const OptionalTensor& bias,
                        const OptionalTensor& gamma, const OptionalTensor& beta,
                        const OptionalTensor& residual, int64_t activation, bool transposed, double epsilon) {
  at::Tensor input, matrix, shift, added, scales, shifts;
  FewRows job{};
  job.rows = x.size(0);
  job.inputs = x.size(1);
  job.outputs = w.size(transposed ? 0 : 1);
  job.transposed = transposed;
  job.activation = static_cast<Activation>(activation);
  job.x = numbersOf(x, job.rows * job.inputs, "decode_linear: x", input);
  job.w = numbersOf(w, job.inputs * job.outputs, "decode_linear: w", matrix);
  job.bias = numbersOf(bias, job.outputs, "decode_linear: bias", shift);
  job.residual = numbersOf(residual, job.rows * job.outputs, "decode_linear: residual", added);
  numbersOf(gamma, job.inputs, "decode_linear: gamma", scales);
  numbersOf(beta, job.inputs, "decode_linear: beta", shifts);
  at::Tensor normed;
  if (scales.defined() && shifts.defined()) {
    normed = std::get<0>(layerNorm(input, scales, shifts, epsilon));
    job.x = normed.data_ptr<float>();
  }
  at::Tensor y = at::empty({job.rows, job.outputs}, x.options());
  job.y = y.data_ptr<float>();
  if (y.numel() > 0) compute(job);
  return y;
}

}  // namespace simvlm
