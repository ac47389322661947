// What products of few rows share: what follows the product in memory that is still in the cache, and how much is worth a thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <string>

#include "activations.h"
#include "decoding.h"
#include "errors.h"
#include "simd.h"

/** Before a loop whose vectors are to stay in registers. */
#define SIMVLM_UNROLL _Pragma("GCC unroll 16")

namespace simvlm {

/** y = residual + activation(y + bias). */
struct AfterProduct {
  const float* bias;      // [O] or nullptr
  const float* residual;  // [R, O] or nullptr
  float* y;               // [R, O]
  int64_t rows, outputs;
  Activation activation;
};

SIMVLM_INLINE simd::Floats activatedOf(Activation activation, simd::Floats z) {
  switch (activation) {
    case Activation::none: return z;
    case Activation::gelu: return activations::Gelu::value(z);
    case Activation::geluErf: return activations::GeluErf::value(z);
    case Activation::quickGelu: return activations::QuickGelu::value(z);
  }
  return z;
}

SIMVLM_INLINE simd::Floats numbersAt(const float* from, int64_t count) {
  return count == simd::kLanes ? simd::load(from) : simd::loadSome(from, count);
}

/** What comes after the product. */
SIMVLM_INLINE void finish(const AfterProduct& job, int64_t from, int64_t to) {
  if (job.bias == nullptr && job.activation == Activation::none && job.residual == nullptr) return;
  for (int64_t row = 0; row < job.rows; ++row) {
    for (int64_t o = from; o < to; o += simd::kLanes) {
      const int64_t count = std::min(simd::kLanes, to - o), at = row * job.outputs + o;
      simd::Floats z = numbersAt(job.y + at, count);
      if (job.bias != nullptr) z += numbersAt(job.bias + o, count);
      z = activatedOf(job.activation, z);
      if (job.residual != nullptr) z += numbersAt(job.residual + at, count);
      if (count == simd::kLanes)
        simd::store(job.y + at, z);
      else
        simd::storeSome(job.y + at, z, count);
    }
  }
}

/** Multiplications that are worth a thread: to wake one takes microseconds. */
constexpr int64_t kProductsPerThread = 48 << 10;
/** AVX-512 has 32 registers of 16 numbers, AVX2 as many as 8 of those. */
inline bool hasManyRegisters() {
#if defined(__x86_64__)
  return simd::hasAvx512();
#else
  return false;
#endif
}

/** The numbers of a tensor that must be float32 and of this many; `kept` holds them. */
inline const float* numbersOf(const OptionalTensor& tensor, int64_t count, const char* name, at::Tensor& kept) {
  if (!tensor.has_value() || !tensor->defined()) return nullptr;
  kept = tensor->contiguous();
  if (kept.numel() != count || kept.scalar_type() != at::kFloat)
    throw UsageError(std::string(name) + " does not fit");
  return kept.data_ptr<float>();
}

}  // namespace simvlm
