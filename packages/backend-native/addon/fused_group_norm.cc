// Group norm (Wu and He, 2018) of maps with the channels last, and its gradient. `B` pictures, `P` pixels, `C` channels, `G` groups of `c`
// channels; n = P·c numbers share a mean.
//
// With d = x − mean, d̂ = d · rstd and g = dy · gamma:
//
//     y = d̂ · gamma + beta,   dx = g · rstd + d · u + w,   u = −Σ g·d · rstd³ / n,   w = −Σ g · rstd / n
//
// All passes over a picture follow one another while it is in the cache. Threads share pictures, and groups where pictures are few.
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

/** Channels that are summed at a time, in registers. */
constexpr int64_t kChannels = 4 * kLanes;
/** Pixels whose sum is taken by itself, so that errors stay small. */
constexpr int64_t kPixels = 64;

SIMVLM_INLINE Floats some(const float* from, int64_t count) {
  return count >= kLanes ? simd::load(from) : simd::loadSome(from, count);
}

SIMVLM_INLINE void put(float* to, Floats x, int64_t count) {
  if (count >= kLanes)
    simd::store(to, x);
  else
    simd::storeSome(to, x, count);
}

/** The channels `begin` to `end` of one picture, and what is known of each. Arrays of a channel begin at channel 0. */
struct Part {
  const float* x;   // [P, C]
  const float* dy;  // [P, C], of the backward pass
  float* out;       // y or dx
  int64_t P, C, c, begin, end;
  const float* gamma;
  const float* beta;
  float* mean;    // of each group
  float* rstd;    // of each group
  float* centre;  // of each channel, as are the next: its group's mean
  float* slope;   // rstd · gamma
  float* first;   // sums over the pixels
  float* second;
  float* u;
  float* w;
  float epsilon;
  bool relu;
};

struct Total {
  static SIMVLM_INLINE void at(const Part& p, int64_t at, int64_t, int64_t count, Floats& first, Floats&) {
    first += some(p.x + at, count);
  }
};

struct Spread {
  static SIMVLM_INLINE void at(const Part& p, int64_t at, int64_t channel, int64_t count, Floats& first,
                               Floats&) {
    const Floats d = some(p.x + at, count) - some(p.centre + channel, count);
    first += d * d;
  }
};

/** dy where the output was positive, if it went through a ReLU. */
SIMVLM_INLINE Floats passed(const Part& p, int64_t at, int64_t channel, int64_t count, Floats d) {
  const Floats dy = some(p.dy + at, count);
  if (!p.relu) return dy;
  const Floats y = d * some(p.slope + channel, count) + some(p.beta + channel, count);
  return y > Floats{} ? dy : Floats{};
}

struct GradientSums {
  static SIMVLM_INLINE void at(const Part& p, int64_t at, int64_t channel, int64_t count, Floats& first,
                               Floats& second) {
    const Floats d = some(p.x + at, count) - some(p.centre + channel, count);
    const Floats dy = passed(p, at, channel, count, d);
    first += dy;
    second += dy * d;
  }
};

/** Sums of `What` over the pixels, of each channel. */
template <class What>
SIMVLM_INLINE void overPixels(const Part& p) {
  for (int64_t tile = p.begin; tile < p.end; tile += kChannels) {
    const int64_t stop = std::min(tile + kChannels, p.end);
    Floats first[4] = {}, second[4] = {};
    for (int64_t block = 0; block < p.P; block += kPixels) {
      Floats a[4] = {}, b[4] = {};
      for (int64_t pixel = block; pixel < std::min(block + kPixels, p.P); ++pixel) {
        const int64_t row = pixel * p.C;
        if (stop - tile == kChannels) {
          for (int64_t v = 0; v < 4; ++v)
            What::at(p, row + tile + v * kLanes, tile + v * kLanes, kLanes, a[v], b[v]);
        } else {
          for (int64_t c = tile, v = 0; c < stop; c += kLanes, ++v)
            What::at(p, row + c, c, std::min(kLanes, stop - c), a[v], b[v]);
        }
      }
      for (int64_t v = 0; v < 4; ++v) {
        first[v] += a[v];
        second[v] += b[v];
      }
    }
    for (int64_t c = tile, v = 0; c < stop; c += kLanes, ++v) {
      put(p.first + c, first[v], stop - c);
      put(p.second + c, second[v], stop - c);
    }
  }
}

/** Σ over the channels of a group, each times `by` where there is one. */
SIMVLM_INLINE float ofGroup(const float* sums, const float* by, int64_t begin, int64_t c) {
  float total = 0;
  for (int64_t i = begin; i < begin + c; ++i) total += by == nullptr ? sums[i] : sums[i] * by[i];
  return total;
}

struct Forward {
  static SIMVLM_INLINE void run(const Part& p) {
    const float n = static_cast<float>(p.P * p.c);
    overPixels<Total>(p);
    for (int64_t at = p.begin; at < p.end; at += p.c) {
      p.mean[at / p.c] = ofGroup(p.first, nullptr, at, p.c) / n;
      for (int64_t i = at; i < at + p.c; ++i) p.centre[i] = p.mean[at / p.c];
    }
    overPixels<Spread>(p);
    for (int64_t at = p.begin; at < p.end; at += p.c) {
      const float rstd = 1.0f / std::sqrt(ofGroup(p.first, nullptr, at, p.c) / n + p.epsilon);
      p.rstd[at / p.c] = rstd;
      for (int64_t i = at; i < at + p.c; ++i) p.slope[i] = rstd * p.gamma[i];
    }
    for (int64_t pixel = 0; pixel < p.P; ++pixel)
      for (int64_t c = p.begin; c < p.end; c += kLanes) {
        const int64_t at = pixel * p.C + c, count = p.end - c;
        const Floats d = some(p.x + at, count) - some(p.centre + c, count);
        const Floats y = d * some(p.slope + c, count) + some(p.beta + c, count);
        // NaN stays NaN.
        put(p.out + at, p.relu ? (y < Floats{} ? Floats{} : y) : y, count);
      }
  }
};

struct Backward {
  static SIMVLM_INLINE void run(const Part& p) {
    const float n = static_cast<float>(p.P * p.c);
    for (int64_t i = p.begin; i < p.end; ++i) {
      p.centre[i] = p.mean[i / p.c];
      p.slope[i] = p.rstd[i / p.c] * p.gamma[i];
    }
    overPixels<GradientSums>(p);
    for (int64_t at = p.begin; at < p.end; at += p.c) {
      const float rstd = p.rstd[at / p.c];
      const float g = ofGroup(p.first, p.gamma, at, p.c), gd = ofGroup(p.second, p.gamma, at, p.c);
      for (int64_t i = at; i < at + p.c; ++i) {
        p.u[i] = -gd * rstd * rstd * rstd / n;
        p.w[i] = -g * rstd / n;
        // What is left of the sums are the gradients of beta and gamma.
        p.second[i] *= rstd;
      }
    }
    for (int64_t pixel = 0; pixel < p.P; ++pixel)
      for (int64_t c = p.begin; c < p.end; c += kLanes) {
        const int64_t at = pixel * p.C + c, count = p.end - c;
        const Floats d = some(p.x + at, count) - some(p.centre + c, count);
        const Floats dx = passed(p, at, c, count, d) * some(p.slope + c, count);
        put(p.out + at, dx + d * some(p.u + c, count) + some(p.w + c, count), count);
      }
  }
};

/** Runs `Kernel` for all groups of all pictures; `partOf` says where one's numbers are. Arrays that it
 * leaves out are of this call only. */
template <class Kernel, class PartOf>
void overPictures(int64_t B, int64_t G, int64_t c, PartOf partOf) {
  const int64_t C = G * c, threads = at::get_num_threads();
  const int64_t shares = B >= threads ? 1 : std::min(G, (threads + B - 1) / std::max<int64_t>(B, 1));
  at::parallel_for(0, B * shares, 1, [&](int64_t first, int64_t last) {
    std::vector<float> scratch(static_cast<size_t>(6 * C));
    for (int64_t task = first; task < last; ++task) {
      const int64_t picture = task / shares, share = task % shares;
      Part part = partOf(picture);
      part.c = c;
      part.C = C;
      part.begin = G * share / shares * c;
      part.end = G * (share + 1) / shares * c;
      float* free = scratch.data();
      for (float** array : {&part.centre, &part.slope, &part.first, &part.second, &part.u, &part.w}) {
        if (*array == nullptr) *array = free;
        free += C;
      }
      simd::run<Kernel, const Part&>(part);
    }
  });
}

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> groupNorm(const at::Tensor& given, const at::Tensor& gamma,
                                                         const at::Tensor& beta, int64_t groups,
                                                         double epsilon, bool relu) {
  const at::Tensor x = given.contiguous(), scale = gamma.contiguous(), shift = beta.contiguous();
  const int64_t B = x.size(0), P = x.size(1), C = x.size(2), G = groups;
  at::Tensor y = at::empty_like(x), mean = at::empty({B, G}, x.options()), rstd = at::empty_like(mean);
  overPictures<Forward>(B, G, C / G, [&](int64_t picture) {
    Part part{};
    part.P = P;
    part.x = x.data_ptr<float>() + picture * P * C;
    part.out = y.data_ptr<float>() + picture * P * C;
    part.gamma = scale.data_ptr<float>();
    part.beta = shift.data_ptr<float>();
    part.mean = mean.data_ptr<float>() + picture * G;
    part.rstd = rstd.data_ptr<float>() + picture * G;
    part.epsilon = static_cast<float>(epsilon);
    part.relu = relu;
    return part;
  });
  return {y, mean, rstd};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> groupNormBackward(const at::Tensor& gradient,
                                                                 const at::Tensor& given,
                                                                 const at::Tensor& means,
                                                                 const at::Tensor& rstds,
                                                                 const at::Tensor& gamma,
                                                                 const at::Tensor& beta, bool relu) {
  const at::Tensor dy = gradient.contiguous(), x = given.contiguous(), scale = gamma.contiguous(),
                   shift = beta.contiguous(), mean = means.contiguous(), rstd = rstds.contiguous();
  const int64_t B = x.size(0), P = x.size(1), C = x.size(2), G = mean.size(1);
  at::Tensor dx = at::empty_like(x), dbeta = at::empty({B, C}, x.options()), dgamma = at::empty_like(dbeta);
  overPictures<Backward>(B, G, C / G, [&](int64_t picture) {
    Part part{};
    part.P = P;
    part.x = x.data_ptr<float>() + picture * P * C;
    part.dy = dy.data_ptr<float>() + picture * P * C;
    part.out = dx.data_ptr<float>() + picture * P * C;
    part.gamma = scale.data_ptr<float>();
    part.beta = shift.data_ptr<float>();
    part.mean = mean.data_ptr<float>() + picture * G;
    part.rstd = rstd.data_ptr<float>() + picture * G;
    part.first = dbeta.data_ptr<float>() + picture * C;
    part.second = dgamma.data_ptr<float>() + picture * C;
    part.relu = relu;
    return part;
  });
  return {dx, columnSums(dgamma), columnSums(dbeta)};
}

}  // namespace simvlm
