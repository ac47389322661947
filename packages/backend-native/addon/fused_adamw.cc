// AdamW (Loshchilov and Hutter, 2019) for all parameters at once, in place, in one pass over memory:
//
//     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← (1 − η λ) p − (η √c₂ / c₁) · m / (√v + ε √c₂),   c = 1 − βᵗ
//
// Learning rate, step and the factor of the gradients are tensors, so that a recorded step reads those of its own run.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fused.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

/** What is the same for all numbers of a parameter. */
struct AdamW {
  float beta1, beta2, gradScale, keep, size, epsilon;

  SIMVLM_INLINE void step(Floats& p, Floats g, Floats& m, Floats& v) const {
    g = g * gradScale;
    m = m * beta1 + g * (1 - beta1);
    v = v * beta2 + g * g * (1 - beta2);
    p = p * keep - m * size / (simd::sqrt(v) + epsilon);
  }
};

struct Change {
  float *p, *m, *v;
  const float* g;
  int64_t count;
  AdamW by;

  static SIMVLM_INLINE void run(const Change& c) {
    int64_t i = 0;
    for (; i + kLanes <= c.count; i += kLanes) {
      Floats p = simd::load(c.p + i), m = simd::load(c.m + i), v = simd::load(c.v + i);
      c.by.step(p, simd::load(c.g + i), m, v);
      simd::store(c.p + i, p);
      simd::store(c.m + i, m);
      simd::store(c.v + i, v);
    }
    const int64_t rest = c.count - i;
    if (rest == 0) return;
    Floats p = simd::loadSome(c.p + i, rest), m = simd::loadSome(c.m + i, rest), v = simd::loadSome(c.v + i, rest);
    c.by.step(p, simd::loadSome(c.g + i, rest), m, v);
    simd::storeSome(c.p + i, p, rest);
    simd::storeSome(c.m + i, m, rest);
    simd::storeSome(c.v + i, v, rest);
  }
};

/** Numbers of a parameter that one thread changes at a time. */
constexpr int64_t kShare = int64_t{1} << 16;

double numberOf(const at::Tensor& scalar) { return *scalar.data_ptr<float>(); }

}  // namespace

void adamw(at::TensorList params, at::TensorList grads, at::TensorList m, at::TensorList v,
           const c10::List<double>& decays, const at::Tensor& learningRate, const at::Tensor& step,
           const at::Tensor& gradScale, double beta1, double beta2, double epsilon) {
  TORCH_CHECK(grads.size() == params.size() && m.size() == params.size() && v.size() == params.size() &&
                  decays.size() == params.size(),
              "adamw needs one of each for every parameter");
  const double rate = numberOf(learningRate), t = numberOf(step);
  const double root = std::sqrt(-std::expm1(t * std::log(beta2)));
  const double size = rate * root / -std::expm1(t * std::log(beta1));
  std::vector<at::Tensor> held;
  std::vector<Change> changes;
  for (size_t i = 0; i < params.size(); ++i) {
    for (const at::Tensor& changed : {params[i], m[i], v[i]})
      TORCH_CHECK(changed.is_contiguous(), "a parameter and its moments must be contiguous");
    held.push_back(grads[i].contiguous());
    const AdamW by{static_cast<float>(beta1),
                   static_cast<float>(beta2),
                   static_cast<float>(numberOf(gradScale)),
                   static_cast<float>(1 - rate * decays.get(i)),
                   static_cast<float>(size),
                   static_cast<float>(epsilon * root)};
    const int64_t count = params[i].numel();
    for (int64_t at = 0; at < count; at += kShare)
      changes.push_back({params[i].data_ptr<float>() + at, m[i].data_ptr<float>() + at,
                         v[i].data_ptr<float>() + at, held.back().data_ptr<float>() + at,
                         std::min(kShare, count - at), by});
  }
  at::parallel_for(0, static_cast<int64_t>(changes.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      simd::run<Change, const Change&>(changes[static_cast<size_t>(i)]);
  });
}

}  // namespace simvlm
