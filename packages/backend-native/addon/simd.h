// Sixteen float32 numbers at a time, in the instructions of the processor that this runs on.
//
// The compiler knows vectors as a language extension, and makes of each operation what the target has: one instruction
// of AVX-512, two of AVX2, four otherwise. A kernel is a struct with a static `run`; `simd::run<Kernel>(…)` compiles
// it for each of the three and takes the best one that works here.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

// Vectors are passed between inlined functions only: no ABI is involved.
#pragma GCC diagnostic ignored "-Wpsabi"

#define SIMVLM_INLINE inline __attribute__((always_inline))

namespace simvlm {
namespace simd {

constexpr int64_t kLanes = 16;
/** Numbers that are worth a thread. */
constexpr int64_t kGrain = 32768;
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));

SIMVLM_INLINE Floats all(float x) { return Floats{} + x; }

SIMVLM_INLINE Floats load(const float* from) {
  Floats x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

SIMVLM_INLINE void store(float* to, Floats x) { std::memcpy(to, &x, sizeof x); }

/** The first `count` < 16 numbers, and `rest` after them. */
SIMVLM_INLINE Floats loadSome(const float* from, int64_t count, float rest = 0) {
  Floats x = all(rest);
  std::memcpy(&x, from, static_cast<size_t>(count) * sizeof(float));
  return x;
}

SIMVLM_INLINE void storeSome(float* to, Floats x, int64_t count) {
  std::memcpy(to, &x, static_cast<size_t>(count) * sizeof(float));
}

SIMVLM_INLINE float sum(Floats x) {
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i) x[i] += x[i + half];
  return x[0];
}

/** The compiler makes instructions for vectors of this loop, as `sqrt` sets no errno (`-fno-math-errno`). */
SIMVLM_INLINE Floats sqrt(Floats x) {
  for (int64_t i = 0; i < kLanes; ++i) x[i] = std::sqrt(x[i]);
  return x;
}

SIMVLM_INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }

SIMVLM_INLINE float largest(Floats x) {
  for (int64_t half = kLanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i) x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
  return x[0];
}

/**
 * eˣ to 2 units in the last place: eˣ = 2ⁿ · eʳ with n = round(x / ln 2), and Cephes' polynomial for |r| ≤ ln 2 / 2. 0 below −86.9, where
 * float32 nearly ends; ∞ above 88.7; NaN of NaN.
 */
SIMVLM_INLINE Floats exp(Floats x) {
  const Floats magic = all(12582912.0f);  // 1.5 · 2²³: a sum with it is rounded to a whole number
  const Floats n = (x * 1.44269504088896341f + magic) - magic;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2ⁿ⁻¹ · 2, as 2¹²⁸ is no float32.
  const Ints power = (__builtin_convertvector(n, Ints) + 126) << 23;
  Floats y = p * reinterpret_cast<Floats>(power) * 2.0f;
  y = x < all(-86.9f) ? Floats{} : y;
  return x > all(88.72f) ? all(std::numeric_limits<float>::infinity()) : y;
}

#if defined(__x86_64__)
template <class Kernel, class... Arguments>
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))) void onAvx512(Arguments... arguments) {
  Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
__attribute__((target("avx2,fma"))) void onAvx2(Arguments... arguments) {
  Kernel::run(arguments...);
}

/** `ATEN_CPU_CAPABILITY` keeps ATen from instructions, and so us, for tests: `avx2`, or `default` for neither. */
inline bool isHeldBackTo(const char* capability) {
  const char* most = std::getenv("ATEN_CPU_CAPABILITY");
  return most != nullptr && std::strcmp(most, capability) == 0;
}

inline bool hasAvx512() {
  static const bool has = !isHeldBackTo("default") && !isHeldBackTo("avx2") &&
                          __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return has;
}

inline bool hasAvx2() {
  static const bool has =
      !isHeldBackTo("default") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#endif

/** Runs a kernel with the widest vectors that the processor has. */
template <class Kernel, class... Arguments>
void run(Arguments... arguments) {
#if defined(__x86_64__)
  if (hasAvx512()) return onAvx512<Kernel>(arguments...);
  if (hasAvx2()) return onAvx2<Kernel>(arguments...);
#endif
  Kernel::run(arguments...);
}

}  // namespace simd
}  // namespace simvlm
