// The activations of a linear map and their derivatives, on vectors.
#pragma once

#include <cstdint>

#include "errors.h"
#include "simd.h"

namespace simvlm {

/** Numbered as in src/fused/activations.ts. */
enum class Activation : int64_t { none, gelu, geluErf, quickGelu };

namespace activations {

using simd::Floats;

/** z · σ(s) with s = 2√(2/π) · (z + 0.044715 z³): GELU in its tanh form (Hendrycks and Gimpel, 2016). */
struct Gelu {
  static constexpr float kLinear = 1.5957691216057308f;  // 2√(2/π)
  static constexpr float kCubic = 0.044715f * kLinear;

  static SIMVLM_INLINE Floats gate(Floats z) { return 1.0f / (1.0f + simd::exp(-((z * z * kCubic + kLinear) * z))); }
  static SIMVLM_INLINE Floats value(Floats z) { return z * gate(z); }
  /** g + z · g (1 − g) · s′ with g = σ(s). */
  static SIMVLM_INLINE Floats slope(Floats z) {
    const Floats g = gate(z);
    return g + z * g * (1.0f - g) * (z * z * (3 * kCubic) + kLinear);
  }
};

/** z · σ(1.702 z) */
struct QuickGelu {
  static constexpr float kScale = 1.702f;

  static SIMVLM_INLINE Floats gate(Floats z) { return 1.0f / (1.0f + simd::exp(z * -kScale)); }
  static SIMVLM_INLINE Floats value(Floats z) { return z * gate(z); }
  static SIMVLM_INLINE Floats slope(Floats z) {
    const Floats g = gate(z);
    return g + z * g * (1.0f - g) * kScale;
  }
};

/** z · Φ(z), Φ the normal distribution function. */
struct GeluErf {
  static SIMVLM_INLINE Floats exponential(Floats z) { return simd::exp(z * z * -0.5f); }

  /**
   * Φ to 5e-7 of itself, in the lower tail too. Φ(−a) = e^(−a²/2) · P(t) with t = 1 / (1 + 0.3 a) for a ≥ 0; P is the minimax polynomial of
   * degree 8 for a ≤ 13.5 (the form of Abramowitz and Stegun, 7.1.26, with more terms).
   */
  static SIMVLM_INLINE Floats normal(Floats z, Floats exponential) {
    const Floats t = 1.0f / (1.0f + 0.3f * simd::larger(z, -z));
    Floats p = t * 0.035931810f - 0.15827629f;
    p = p * t + 0.20820706f;
    p = p * t - 0.055394210f;
    p = p * t + 0.12946936f;
    p = p * t + 0.099637449f;
    p = p * t + 0.12079836f;
    p = p * t + 0.11962639f;
    const Floats tail = p * t * exponential;
    return z < Floats{} ? tail : 1.0f - tail;
  }

  static SIMVLM_INLINE Floats value(Floats z) { return z * normal(z, exponential(z)); }
  /** Φ + z φ */
  static SIMVLM_INLINE Floats slope(Floats z) {
    const Floats e = exponential(z);
    return normal(z, e) + z * e * 0.3989422804014327f;
  }
};

}  // namespace activations

/** Calls `use` with the curve of an activation that is not `none`. */
template <class Use>
void withCurve(Activation activation, const Use& use) {
  if (activation == Activation::gelu) return use(activations::Gelu{});
  if (activation == Activation::geluErf) return use(activations::GeluErf{});
  if (activation == Activation::quickGelu) return use(activations::QuickGelu{});
  throw UsageError("there is no such activation");
}

}  // namespace simvlm
