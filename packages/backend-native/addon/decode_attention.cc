// Attention of the newest tokens to what is cached, and the write to the cache. `B` rows, `Q` queries, `K` keys or the capacity of a
// cache, `H` heads, `d` head width. Lengths are read here, so that a recorded step looks at the keys that exist and at no more.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "decoding.h"
#include "errors.h"
#include "simd.h"

namespace simvlm {
namespace {

using simd::Floats;
using simd::kLanes;

/** Numbers of a head that are summed side by side. */
constexpr int64_t kColumns = 4 * kLanes;

/** One query of one head. */
struct OneQuery {
  const float* q;        // [d]
  const float *k, *v;    // of key 0
  int64_t keys, stride;  // keys that are seen, and numbers from one to the next
  int64_t width;         // d
  float scale;
  float* scores;  // [keys], room
  float* y;       // [d]
};

struct Attention {
  static SIMVLM_INLINE Floats at(const float* from, int64_t count) {
    return count == kLanes ? simd::load(from) : simd::loadSome(from, count);
  }

  /** Gives log Σ exp of the scores. */
  static SIMVLM_INLINE void run(const OneQuery* given, float* lse) {
    const OneQuery job = *given;
    float most = -std::numeric_limits<float>::infinity();
    for (int64_t key = 0; key < job.keys; ++key) {
      const float* k = job.k + key * job.stride;
      Floats dot{};
      for (int64_t i = 0; i < job.width; i += kLanes) {
        const int64_t count = std::min(kLanes, job.width - i);
        dot += at(job.q + i, count) * at(k + i, count);
      }
      const float score = simd::sum(dot) * job.scale;
      job.scores[key] = score;
      most = score > most ? score : most;
    }
    Floats sums{};
    for (int64_t key = 0; key < job.keys; key += kLanes) {
      const int64_t count = std::min(kLanes, job.keys - key);
      const Floats score = count == kLanes ? simd::load(job.scores + key)
                                           : simd::loadSome(job.scores + key, count, -1e30f + most);
      const Floats weight = simd::exp(score - most);
      sums += weight;
      if (count == kLanes)
        simd::store(job.scores + key, weight);
      else
        simd::storeSome(job.scores + key, weight, count);
    }
    const float sum = simd::sum(sums);
    for (int64_t begin = 0; begin < job.width; begin += kColumns) {
      Floats mixed[kColumns / kLanes] = {};
      const int64_t end = std::min(begin + kColumns, job.width);
      for (int64_t key = 0; key < job.keys; ++key) {
        const float* v = job.v + key * job.stride;
        for (int64_t i = begin; i < end; i += kLanes)
          mixed[(i - begin) / kLanes] += job.scores[key] * at(v + i, std::min(kLanes, end - i));
      }
      for (int64_t i = begin; i < end; i += kLanes)
        simd::storeSome(job.y + i, mixed[(i - begin) / kLanes] / sum, std::min(kLanes, end - i));
    }
    *lse = most + std::log(sum);
  }
};

/** Multiplications that are worth a thread. */
constexpr int64_t kAttentionPerThread = 48 << 10;

const int32_t* lengthsOf(const at::Tensor& lengths, int64_t rows) {
  if (lengths.scalar_type() != at::kInt || lengths.numel() != rows)
    throw UsageError("decode_attention: lengths and positions must be int32, one a row");
  return lengths.data_ptr<int32_t>();
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> decodeAttention(const at::Tensor& query, const at::Tensor& key,
                                                   const at::Tensor& value, const at::Tensor& keyLengths,
                                                   const at::Tensor& prefixLengths, int64_t offset, double scale) {
  const at::Tensor q = query.contiguous(), k = key.contiguous(), v = value.contiguous();
  const at::Tensor seen = keyLengths.contiguous(), before = prefixLengths.contiguous();
  const int64_t B = q.size(0), Q = q.size(1), H = q.size(2), d = q.size(3), K = k.size(1);
  if (k.size(0) != B || k.size(2) != H || k.size(3) != d || v.sizes() != k.sizes())
    throw UsageError("decode_attention: keys and values must fit the queries");
  const int32_t *lengths = lengthsOf(seen, B), *prefixes = lengthsOf(before, B);
  at::Tensor y = at::empty(q.sizes(), q.options()), lse = at::empty({B, H, Q}, q.options());
  const float *from = q.data_ptr<float>(), *keys = k.data_ptr<float>(), *values = v.data_ptr<float>();
  float *to = y.data_ptr<float>(), *logs = lse.data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, kAttentionPerThread / std::max<int64_t>(1, 2 * Q * K * d));
  at::parallel_for(0, B * H, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> scores(static_cast<size_t>(K));
    for (int64_t at = begin; at < end; ++at) {
      const int64_t b = at / H, h = at % H;
      for (int64_t i = 0; i < Q; ++i) {
        const int64_t limit = std::min<int64_t>(lengths[b], std::max<int64_t>(prefixes[b], i + offset + 1));
        const int64_t place = ((b * Q + i) * H + h) * d, first = (b * K * H + h) * d;
        const OneQuery job{from + place, keys + first, values + first, std::min(limit, K), H * d, d,
                           static_cast<float>(scale), scores.data(), to + place};
        float* log = logs + (b * H + h) * Q + i;
        if (job.keys > 0) {
          simd::run<Attention>(&job, log);
        } else {
          // Sees nothing.
          std::fill(job.y, job.y + d, 0.0f);
          *log = -std::numeric_limits<float>::infinity();
        }
      }
    }
  });
  return {y, lse};
}

at::Tensor& cacheWrite(at::Tensor& cache, const at::Tensor& update, const at::Tensor& positions) {
  const at::Tensor given = update.contiguous(), first = positions.contiguous();
  const int64_t B = cache.size(0), capacity = cache.size(1), width = cache.size(2) * cache.size(3), n = given.size(1);
  const at::Tensor target = cache.contiguous();
  if (given.numel() != B * n * width || cache.scalar_type() != at::kFloat ||
      given.scalar_type() != at::kFloat)
    throw UsageError("cache_write_: the update does not fit the cache");
  const int32_t* places = lengthsOf(first, B);
  const float* from = given.data_ptr<float>();
  float* to = target.data_ptr<float>();
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < n; ++t) {
      const int64_t place = places[b] + t;
      if (place < 0 || place >= capacity) continue;
      std::memcpy(to + (b * capacity + place) * width, from + (b * n + t) * width,
                  static_cast<size_t>(width) * sizeof(float));
    }
  if (!target.is_same(cache)) cache.copy_(target);
  return cache;
}

}  // namespace simvlm
