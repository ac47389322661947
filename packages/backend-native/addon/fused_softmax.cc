// Softmax of attention scores under the one mask rule, and of logits. `B` rows, `H` heads, `Q` queries, `K` keys; `R` rows, `V` vocabulary.
//
// Query i sees key j when j < keyLength and (j < prefixLength or j ≤ i + offset), that is j < limit with
// limit = min(keyLength, max(prefixLength, i + offset + 1)): what lies behind the limit is never read.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "fused.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

constexpr float kNothing = -std::numeric_limits<float>::infinity();

int64_t rowsEach(int64_t width) { return std::max<int64_t>(1, simd::kGrain / std::max<int64_t>(width, 1)); }

/** log Σ exp of a row; `into`, which may be the row itself, gets exp(x − largest), whose sum is `total`. */
template <bool kKeep>
SIMVLM_INLINE float logSum(const float* x, int64_t count, float* into, float& total) {
  const int64_t whole = count - count % kLanes, rest = count - whole;
  Floats most = rest > 0 ? simd::loadSome(x + whole, rest, kNothing) : simd::all(kNothing);
  for (int64_t i = 0; i < whole; i += kLanes) most = simd::larger(simd::load(x + i), most);
  const float top = simd::largest(most);
  // Where all are −∞, so is the sum; the difference of two of them would be NaN.
  const float least = top == kNothing ? 0 : top;
  Floats sums{};
  if (rest > 0) {
    const Floats e = simd::exp(simd::loadSome(x + whole, rest, kNothing) - least);
    if (kKeep) simd::storeSome(into + whole, e, rest);
    sums = e;
  }
  for (int64_t i = 0; i < whole; i += kLanes) {
    const Floats e = simd::exp(simd::load(x + i) - least);
    if (kKeep) simd::store(into + i, e);
    sums += e;
  }
  total = simd::sum(sums);
  return std::log(total) + least;
}

SIMVLM_INLINE void scaled(float* x, int64_t count, float by) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) simd::store(x + i, simd::load(x + i) * by);
  for (; i < count; ++i) x[i] *= by;
}

struct Scores {
  float* scores;
  float* lse;
  const int32_t* keyLengths;
  const int32_t* prefixLengths;
  const float* bias;  // [H, N, N], or none
  int64_t H, Q, K, N, offset;
  float scale;
};

struct AttentionWeights {
  /** Rows of scores `begin` to `end`, of B·H·Q. */
  static SIMVLM_INLINE void run(const Scores& s, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = row % s.Q, h = row / s.Q % s.H, b = row / s.Q / s.H;
      const int64_t seen = std::max<int64_t>(s.prefixLengths[b], i + s.offset + 1);
      const int64_t limit = std::max<int64_t>(0, std::min({static_cast<int64_t>(s.keyLengths[b]), seen, s.K}));
      float* x = s.scores + row * s.K;
      scaled(x, limit, s.scale);
      if (s.bias != nullptr && i < s.N) {
        const float* bias = s.bias + (h * s.N + i) * s.N;
        for (int64_t j = 0; j < std::min(limit, s.N); ++j) x[j] += bias[j];
      }
      float total = 0;
      s.lse[row] = limit == 0 ? kNothing : logSum<true>(x, limit, x, total);
      if (limit > 0) scaled(x, limit, 1.0f / total);
      std::memset(x + limit, 0, static_cast<size_t>(s.K - limit) * sizeof(float));
    }
  }
};

/** dS = scale · P · (dP − Σ P · dP). */
struct AttentionWeightsBackward {
  static SIMVLM_INLINE void run(float* dp, const float* p, int64_t rows, int64_t width, float scale) {
    const int64_t whole = width - width % kLanes, rest = width - whole;
    for (int64_t row = 0; row < rows; ++row, dp += width, p += width) {
      Floats products{};
      if (rest > 0) products = simd::loadSome(dp + whole, rest) * simd::loadSome(p + whole, rest);
      for (int64_t i = 0; i < whole; i += kLanes) products += simd::load(dp + i) * simd::load(p + i);
      const float mean = simd::sum(products);
      for (int64_t i = 0; i < whole; i += kLanes)
        simd::store(dp + i, (simd::load(dp + i) - mean) * simd::load(p + i) * scale);
      if (rest > 0)
        simd::storeSome(dp + whole,
                        (simd::loadSome(dp + whole, rest) - mean) * simd::loadSome(p + whole, rest) * scale,
                        rest);
    }
  }
};

struct LogSumExp {
  static SIMVLM_INLINE void run(const float* x, float* lse, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; ++row) {
      float total = 0;
      lse[row] = logSum<false>(x + row * width, width, nullptr, total);
    }
  }
};

struct CrossEntropyBackward {
  static SIMVLM_INLINE void run(const float* x, const float* lse, const float* scale, const int64_t* labels,
                                float* d, int64_t rows, int64_t width, float smoothing) {
    const float even = smoothing / static_cast<float>(width);
    for (int64_t row = 0; row < rows; ++row, x += width, d += width) {
      const float by = scale[row];
      // What does not count may hold anything, NaN too.
      if (by == 0) {
        std::memset(d, 0, static_cast<size_t>(width) * sizeof(float));
        continue;
      }
      int64_t i = 0;
      for (; i + kLanes <= width; i += kLanes)
        simd::store(d + i, (simd::exp(simd::load(x + i) - lse[row]) - even) * by);
      if (i < width)
        simd::storeSome(d + i, (simd::exp(simd::loadSome(x + i, width - i) - lse[row]) - even) * by, width - i);
      d[labels[row]] -= by * (1 - smoothing);
    }
  }
};

}  // namespace

at::Tensor attentionWeights(at::Tensor& scores, const at::Tensor& keyLengths, const at::Tensor& prefixLengths,
                            int64_t offset, double scale, at::TensorList bias) {
  const int64_t B = scores.size(0), H = scores.size(1), Q = scores.size(2), K = scores.size(3);
  TORCH_CHECK(scores.is_contiguous(), "scores must be contiguous");
  const at::Tensor keys = keyLengths.contiguous(), prefixes = prefixLengths.contiguous();
  const at::Tensor added = bias.empty() ? at::Tensor() : bias[0].contiguous();
  at::Tensor lse = at::empty({B, H, Q}, scores.options());
  const Scores s{scores.data_ptr<float>(),
                 lse.data_ptr<float>(),
                 keys.data_ptr<int32_t>(),
                 prefixes.data_ptr<int32_t>(),
                 bias.empty() ? nullptr : added.data_ptr<float>(),
                 H,
                 Q,
                 K,
                 bias.empty() ? 0 : added.size(1),
                 offset,
                 static_cast<float>(scale)};
  at::parallel_for(0, B * H * Q, rowsEach(K), [&](int64_t begin, int64_t end) {
    simd::run<AttentionWeights, const Scores&>(s, begin, end);
  });
  return lse;
}

at::Tensor& attentionWeightsBackward(at::Tensor& dp, const at::Tensor& p, double scale) {
  TORCH_CHECK(dp.is_contiguous() && p.is_contiguous(), "weights and their gradient must be contiguous");
  const int64_t width = p.size(-1), rows = width == 0 ? 0 : p.numel() / width;
  float* to = dp.data_ptr<float>();
  const float* from = p.data_ptr<float>();
  at::parallel_for(0, rows, rowsEach(width), [&](int64_t begin, int64_t end) {
    simd::run<AttentionWeightsBackward>(to + begin * width, from + begin * width, end - begin, width,
                                        static_cast<float>(scale));
  });
  return dp;
}

at::Tensor logSumExp(const at::Tensor& given) {
  const at::Tensor x = given.contiguous();
  const int64_t rows = x.size(0), width = x.size(1);
  at::Tensor lse = at::empty({rows}, x.options());
  const float* from = x.data_ptr<float>();
  float* to = lse.data_ptr<float>();
  at::parallel_for(0, rows, rowsEach(width), [&](int64_t begin, int64_t end) {
    simd::run<LogSumExp>(from + begin * width, to + begin, end - begin, width);
  });
  return lse;
}

at::Tensor crossEntropyBackward(const at::Tensor& given, const at::Tensor& lse, const at::Tensor& scale,
                                const at::Tensor& labels, double smoothing) {
  const at::Tensor x = given.contiguous(), sums = lse.contiguous(), by = scale.contiguous(),
                   at = labels.contiguous();
  const int64_t rows = x.size(0), width = x.size(1);
  at::Tensor d = at::empty_like(x);
  const float *from = x.data_ptr<float>(), *lses = sums.data_ptr<float>(), *scales = by.data_ptr<float>();
  const int64_t* places = at.data_ptr<int64_t>();
  float* to = d.data_ptr<float>();
  at::parallel_for(0, rows, rowsEach(width), [&](int64_t begin, int64_t end) {
    simd::run<CrossEntropyBackward>(from + begin * width, lses + begin, scales + begin, places + begin,
                                    to + begin * width, end - begin, width, static_cast<float>(smoothing));
  });
  return d;
}

}  // namespace simvlm
