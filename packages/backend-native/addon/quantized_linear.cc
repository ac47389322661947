// Linear maps with matrices of integers, which become numbers in registers or in a panel that the caches hold.
// `R` rows, `I` inputs, `O` outputs.
//
// Few rows: a product reads the matrix once, a byte or half a one for each number, and keeps sums in registers. Of 4 bits a vector of bytes
// holds the even numbers in its lower halves and the odd ones in its upper halves, so that x is put in that order beforehand.
//
// Many rows: BLAS multiplies panels of the matrix that were made numbers.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <vector>

#include "after_product.h"
#include "fused.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::Ints;
using simd::kLanes;

typedef int8_t Bytes __attribute__((vector_size(16)));
typedef int16_t Shorts __attribute__((vector_size(32)));

/** A matrix as it lies in memory. */
struct Integers {
  const uint8_t* packed;  // [O, rowBytes]
  const float* scales;    // [O, groups]
  int64_t inputs, outputs, rowBytes, group, groups;
};

struct FewQuantized : AfterProduct {
  Integers w;
  const float* x;   // [R, stride]: padded with zeros to whole steps, and of 4 bits even before odd in each
  int64_t stride;
};

/** In steps of twice the width, for which processors have instructions: of one of four times GCC 12 makes a number at a time. */
SIMVLM_INLINE Floats numbersOf(Bytes bytes) {
  return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(bytes, Shorts), Ints), Floats);
}

SIMVLM_INLINE Bytes bytesAt(const uint8_t* from, int64_t left) {
  Bytes bytes{};
  // Beyond the last row there may be nothing.
  std::memcpy(&bytes, from, left >= 16 ? 16 : static_cast<size_t>(left));
  return bytes;
}

/** Numbers that 16 bytes hold. */
template <int Bits>
constexpr int64_t kStep = 128 / Bits;

/** Σ x · q of 16 bytes, added to sums. */
template <int Bits, int R, int M>
SIMVLM_INLINE void step(const float* x, int64_t stride, const Bytes (&bytes)[M], Floats (&sums)[R][M]) {
  if (Bits == 8) {
    Floats q[M];
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) q[m] = numbersOf(bytes[m]);
    SIMVLM_UNROLL for (int r = 0; r < R; ++r) {
      const Floats numbers = simd::load(x + r * stride);
      SIMVLM_UNROLL for (int m = 0; m < M; ++m) sums[r][m] += numbers * q[m];
    }
  } else {
    Floats even[M], odd[M];
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) {
      typedef uint8_t Unsigned __attribute__((vector_size(16)));
      const Unsigned both = reinterpret_cast<Unsigned>(bytes[m]);
      even[m] = numbersOf(reinterpret_cast<Bytes>(both & 15) - 8);
      odd[m] = numbersOf(reinterpret_cast<Bytes>(both >> 4) - 8);
    }
    SIMVLM_UNROLL for (int r = 0; r < R; ++r) {
      const Floats first = simd::load(x + r * stride), second = simd::load(x + r * stride + kLanes);
      SIMVLM_UNROLL for (int m = 0; m < M; ++m) sums[r][m] += first * even[m] + second * odd[m];
    }
  }
}

/** R rows of x and M rows of the matrix. */
template <int Bits, int R, int M>
SIMVLM_INLINE void dots(const FewQuantized& job, int64_t row, int64_t output) {
  const Integers& w = job.w;
  const float* x = job.x + row * job.stride;
  const uint8_t* packed = w.packed + output * w.rowBytes;
  Floats total[R][M];
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) total[r][m] = Floats{};
  for (int64_t g = 0; g < w.groups; ++g) {
    Floats sums[R][M];
    SIMVLM_UNROLL for (int r = 0; r < R; ++r)
      SIMVLM_UNROLL for (int m = 0; m < M; ++m) sums[r][m] = Floats{};
    const int64_t end = std::min((g + 1) * w.group, w.inputs);
    for (int64_t i = g * w.group; i < end; i += kStep<Bits>) {
      const int64_t at = i * Bits / 8, left = w.rowBytes - at;
      Bytes bytes[M];
      if (left >= 16) {
        SIMVLM_UNROLL for (int m = 0; m < M; ++m) std::memcpy(&bytes[m], packed + m * w.rowBytes + at, 16);
      } else {
        SIMVLM_UNROLL for (int m = 0; m < M; ++m) bytes[m] = bytesAt(packed + m * w.rowBytes + at, left);
      }
      step<Bits, R, M>(x + i, job.stride, bytes, sums);
    }
    SIMVLM_UNROLL for (int r = 0; r < R; ++r)
      SIMVLM_UNROLL for (int m = 0; m < M; ++m) total[r][m] += sums[r][m] * w.scales[(output + m) * w.groups + g];
  }
  float* y = job.y + row * job.outputs + output;
  SIMVLM_UNROLL for (int r = 0; r < R; ++r)
    SIMVLM_UNROLL for (int m = 0; m < M; ++m) y[r * job.outputs + m] = simd::sum(total[r][m]);
}

template <int Bits, int R, int M>
struct FewOutputs {
  static SIMVLM_INLINE void run(const FewQuantized* given, int64_t from, int64_t to) {
    const FewQuantized job = *given;
    int64_t o = from;
    for (; o + M <= to; o += M) {
      int64_t row = 0;
      for (; row + R <= job.rows; row += R) dots<Bits, R, M>(job, row, o);
      for (; row < job.rows; ++row) dots<Bits, 1, M>(job, row, o);
    }
    for (; o < to; ++o)
      for (int64_t row = 0; row < job.rows; ++row) dots<Bits, 1, 1>(job, row, o);
    finish(job, from, to);
  }
};

template <int Bits>
void few(FewQuantized job) {
  const Integers& w = job.w;
  job.stride = (w.inputs + kStep<Bits> - 1) / kStep<Bits> * kStep<Bits>;
  std::vector<float> ordered(job.rows * job.stride);
  for (int64_t r = 0; r < job.rows; ++r)
    for (int64_t i = 0; i < w.inputs; ++i) {
      const int64_t place = Bits == 8 ? i : i / 32 * 32 + i % 2 * 16 + i % 32 / 2;
      ordered[r * job.stride + place] = job.x[r * w.inputs + i];
    }
  job.x = ordered.data();
  constexpr int64_t kOutputs = 16;
  const int64_t strips = (w.outputs + kOutputs - 1) / kOutputs;
  const int64_t grain =
      std::max<int64_t>(1, kProductsPerThread / std::max<int64_t>(1, job.rows * w.inputs * kOutputs));
  at::parallel_for(0, strips, grain, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * kOutputs, to = std::min(end * kOutputs, w.outputs);
    if (hasManyRegisters())
      simd::run<FewOutputs<Bits, 2, 4>>(&job, from, to);
    else
      simd::run<FewOutputs<Bits, 1, 2>>(&job, from, to);
  });
}

/** Rows `from` to `to` of the matrix as numbers, q · scale, each rounded once. */
struct Numbers {
  static SIMVLM_INLINE void run(const Integers* given, float* into, int64_t bits, int64_t from, int64_t to) {
    const Integers w = *given;
    for (int64_t o = from; o < to; ++o, into += w.inputs) {
      const uint8_t* row = w.packed + o * w.rowBytes;
      for (int64_t g = 0; g < w.groups; ++g) {
        const float scale = w.scales[o * w.groups + g];
        const int64_t end = std::min((g + 1) * w.group, w.inputs);
        if (bits == 8)
          for (int64_t i = g * w.group; i < end; ++i) into[i] = static_cast<int8_t>(row[i]) * scale;
        else
          for (int64_t i = g * w.group; i < end; ++i) into[i] = ((row[i / 2] >> (i % 2 * 4) & 15) - 8) * scale;
      }
    }
  }
};

void numbers(const Integers& w, float* into, int64_t bits, int64_t from, int64_t to) {
  const int64_t grain = std::max<int64_t>(1, simd::kGrain / std::max<int64_t>(1, w.inputs));
  at::parallel_for(from, to, grain, [&](int64_t begin, int64_t end) {
    simd::run<Numbers>(&w, into + (begin - from) * w.inputs, bits, begin, end);
  });
}

/** What follows the product of many rows. */
struct Finished {
  static SIMVLM_INLINE void run(const AfterProduct* job, int64_t from, int64_t to) {
    AfterProduct some = *job;
    some.rows = to - from;
    some.y += from * some.outputs;
    if (some.residual != nullptr) some.residual += from * some.outputs;
    finish(some, 0, some.outputs);
  }
};

/** Outputs of a panel: with 768 inputs 768 KiB of numbers. */
constexpr int64_t kPanel = 256;

void many(const FewQuantized& job, const at::Tensor& x, at::Tensor& y, int64_t bits) {
  const Integers& w = job.w;
  const at::Tensor panel = at::empty({std::min(kPanel, w.outputs), w.inputs}, x.options());
  for (int64_t from = 0; from < w.outputs; from += kPanel) {
    const int64_t to = std::min(w.outputs, from + kPanel);
    numbers(w, panel.data_ptr<float>(), bits, from, to);
    at::Tensor columns = y.narrow(1, from, to - from);
    at::mm_out(columns, x, panel.narrow(0, 0, to - from).t());
  }
  const int64_t grain = std::max<int64_t>(1, simd::kGrain / std::max<int64_t>(1, w.outputs));
  at::parallel_for(0, job.rows, grain,
                   [&](int64_t begin, int64_t end) { simd::run<Finished>(&job, begin, end); });
}

/** Rows from which BLAS, which reads numbers that were made for it, is faster than dots. */
constexpr int64_t kMany = 9;

Integers integersOf(const at::Tensor& packed, const at::Tensor& scales, int64_t inputs, int64_t bits, int64_t group) {
  Integers w{};
  w.inputs = inputs;
  w.outputs = packed.size(0);
  w.rowBytes = packed.size(1) * 4;
  w.group = std::max<int64_t>(1, group);
  w.groups = (inputs + w.group - 1) / w.group;
  const bool fits = (bits == 8 || bits == 4) && w.rowBytes == (inputs * bits + 31) / 32 * 4 &&
                    packed.scalar_type() == at::kInt && scales.scalar_type() == at::kFloat &&
                    scales.numel() == w.outputs * w.groups && (w.groups <= 1 || group % 32 == 0);
  if (!fits) throw UsageError("a matrix of integers does not fit its scales");
  w.packed = reinterpret_cast<const uint8_t*>(packed.data_ptr<int32_t>());
  w.scales = scales.data_ptr<float>();
  return w;
}

}  // namespace

at::Tensor quantizedLinear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& scales,
                           const OptionalTensor& bias, const OptionalTensor& gamma, const OptionalTensor& beta,
                           const OptionalTensor& residual, int64_t activation, int64_t bits, int64_t group,
                           double epsilon) {
  const at::Tensor words = packed.contiguous(), ownScales = scales.contiguous();
  at::Tensor input, shift, added, normScales, normShifts;
  FewQuantized job{};
  job.w = integersOf(words, ownScales, x.size(1), bits, group);
  job.rows = x.size(0);
  job.outputs = job.w.outputs;
  job.activation = static_cast<Activation>(activation);
  job.x = numbersOf(x, job.rows * job.w.inputs, "quantized_linear: x", input);
  job.bias = numbersOf(bias, job.outputs, "quantized_linear: bias", shift);
  job.residual = numbersOf(residual, job.rows * job.outputs, "quantized_linear: residual", added);
  numbersOf(gamma, job.w.inputs, "quantized_linear: gamma", normScales);
  numbersOf(beta, job.w.inputs, "quantized_linear: beta", normShifts);
  if (normScales.defined() && normShifts.defined()) {
    input = std::get<0>(layerNorm(input, normScales, normShifts, epsilon));
    job.x = input.data_ptr<float>();
  }
  at::Tensor y = at::empty({job.rows, job.outputs}, x.options());
  job.y = y.data_ptr<float>();
  if (y.numel() == 0) return y;
  if (job.rows >= kMany)
    many(job, input, y, bits);
  else if (bits == 8)
    few<8>(job);
  else
    few<4>(job);
  return y;
}

at::Tensor dequantize(const at::Tensor& packed, const at::Tensor& scales, int64_t inputs, int64_t bits,
                      int64_t group) {
  const at::Tensor words = packed.contiguous(), ownScales = scales.contiguous();
  const Integers w = integersOf(words, ownScales, inputs, bits, group);
  at::Tensor y = at::empty({w.outputs, inputs}, ownScales.options());
  if (y.numel() > 0) numbers(w, y.data_ptr<float>(), bits, 0, w.outputs);
  return y;
}

}  // namespace simvlm
