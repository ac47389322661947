#include "process_group.h"

#include <ATen/ops/zeros.h>
#include <torch/version.h>

#include "errors.h"
#include "rendezvous.h"

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace simvlm {

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)

namespace {

// What Gloo and NCCL derive from.
#if TORCH_VERSION_MAJOR >= 2
using C10dGroup = c10d::Backend;
#else
using C10dGroup = c10d::ProcessGroup;
#endif
using WorkPtr = c10::intrusive_ptr<c10d::Work>;

/** Few large messages are faster than many small ones, and several can overlap: the size is that of PyTorch's
 * DDP. */
constexpr int64_t kBucketBytes = int64_t{25} << 20;
/** Tensors begin where vector instructions like them to. */
constexpr int64_t kTensorAlignment = 64;

/** Tensors side by side in as few as possible. */
class Buckets {
 public:
  /** @param travel the type of the buckets' numbers, if not that of the tensors */
  Buckets(const std::vector<at::Tensor>& tensors, c10::Device device, std::optional<at::ScalarType> travel) {
    std::vector<int64_t> sizes;  // of each bucket, in elements
    int64_t bytes = kBucketBytes;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const at::Tensor& tensor = tensors[i];
      const auto width = static_cast<int64_t>(travel ? c10::elementSize(*travel) : tensor.element_size());
      const int64_t step = kTensorAlignment / width;
      const int64_t extent = (tensor.numel() + step - 1) / step * step;
      if (bytes >= kBucketBytes || tensor.scalar_type() != tensors[i - 1].scalar_type()) {
        sizes.push_back(0);
        bytes = 0;
      }
      places_.push_back(
          {sizes.size() - 1, sizes.back(), tensor.numel(), tensor.sizes().vec(), tensor.scalar_type()});
      sizes.back() += extent;
      bytes += extent * width;
    }
    for (size_t i = 0; i < tensors.size(); ++i) {
      const size_t bucket = places_[i].bucket;
      if (bucket == buckets.size())
        buckets.push_back(at::zeros({sizes[bucket]}, at::TensorOptions()
                                                         .dtype(travel.value_or(tensors[i].scalar_type()))
                                                         .device(device)));
      part(i).copy_(tensors[i]);
    }
  }

  /** The tensors as they are in the buckets now: views of them, or copies where another type travels. */
  std::vector<at::Tensor> parts() const {
    std::vector<at::Tensor> result;
    for (size_t i = 0; i < places_.size(); ++i) result.push_back(part(i).to(places_[i].type));
    return result;
  }

  std::vector<at::Tensor> buckets;

 private:
  struct Place {
    size_t bucket;
    int64_t offset;
    int64_t numel;
    std::vector<int64_t> shape;
    at::ScalarType type;
  };

  at::Tensor part(size_t i) const {
    const Place& place = places_[i];
    return buckets[place.bucket].narrow(0, place.offset, place.numel).view(place.shape);
  }

  std::vector<Place> places_;
};

/** Makes the calling thread work on the device of a group. */
struct OnDevice {
#ifdef USE_C10D_NCCL
  explicit OnDevice(c10::Device device) { guard.reset_device(device); }
  c10::OptionalDeviceGuard guard;
#else
  explicit OnDevice(c10::Device) {}
#endif
};

void waitFor(const WorkPtr& work, const Meeting& meeting) {
  OnDevice guard(meeting.device);
#ifdef USE_C10D_NCCL
  if (meeting.device.is_cuda()) {
    work->wait(meeting.timeout);
    // With NCCL's blocking wait switched off only the stream of this thread has waited.
    c10::cuda::getCurrentCUDAStream(meeting.device.index()).synchronize();
    return;
  }
#endif
  work->wait();  // for as long as Gloo was told to
}

class C10dCollective final : public Collective {
 public:
  C10dCollective(Meeting meeting, Buckets buckets, std::vector<WorkPtr> works,
                 c10::intrusive_ptr<C10dGroup> group)
      : meeting_(std::move(meeting)),
        buckets_(std::move(buckets)),
        works_(std::move(works)),
        group_(std::move(group)) {}
  void wait() override {
    for (const WorkPtr& work : works_) waitFor(work, meeting_);
  }
  std::vector<at::Tensor> results() const override { return buckets_.parts(); }

 private:
  Meeting meeting_;
  Buckets buckets_;
  std::vector<WorkPtr> works_;
  c10::intrusive_ptr<C10dGroup> group_;  // must not go before its work
};

class C10dProcessGroup final : public ProcessGroup {
 public:
  C10dProcessGroup(Meeting meeting, c10::intrusive_ptr<C10dGroup> group)
      : meeting_(std::move(meeting)), group_(std::move(group)) {}

  std::unique_ptr<Collective> allReduce(const std::vector<at::Tensor>& tensors,
                                        std::optional<at::ScalarType> travel) override {
    return start(tensors, travel,
                 [this](std::vector<at::Tensor>& bucket) { return group_->allreduce(bucket); });
  }
  std::unique_ptr<Collective> broadcast(const std::vector<at::Tensor>& tensors, int from) override {
    c10d::BroadcastOptions options;
    options.rootRank = from;
    return start(tensors, std::nullopt, [this, &options](std::vector<at::Tensor>& bucket) {
      return group_->broadcast(bucket, options);
    });
  }

 private:
  template <typename F>
  std::unique_ptr<Collective> start(const std::vector<at::Tensor>& tensors,
                                    std::optional<at::ScalarType> travel, const F& collective) {
    OnDevice guard(meeting_.device);
    Buckets buckets(tensors, meeting_.device, travel);
    std::vector<WorkPtr> works;
    for (const at::Tensor& tensor : buckets.buckets) {
      std::vector<at::Tensor> bucket{tensor};
      works.push_back(collective(bucket));
    }
    return std::make_unique<C10dCollective>(meeting_, std::move(buckets), std::move(works), group_);
  }

  Meeting meeting_;
  c10::intrusive_ptr<C10dGroup> group_;
};

c10::intrusive_ptr<C10dGroup> connectGloo(const Meeting& meeting) {
#ifdef USE_C10D_GLOO
  const auto store = meet(meeting);
  auto options = c10d::ProcessGroupGloo::Options::create(meeting.timeout);
  // PyTorch's variable for machines with several networks.
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  options->devices.push_back(
      interface != nullptr && *interface != '\0'
          ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
          : c10d::ProcessGroupGloo::createDeviceForHostname(ownAddress(meeting.host, meeting.port)));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, meeting.rank, meeting.size, options);
#else
  throw UsageError(
      "processes on the CPU need Gloo, which this libtorch was built without, or whose headers did not fit: "
      "use that of pip install torch");
#endif
}

c10::intrusive_ptr<C10dGroup> connectNccl(const Meeting& meeting) {
#ifdef USE_C10D_NCCL
  const auto store = meet(meeting);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = meeting.timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, meeting.rank, meeting.size, options);
#else
  throw UsageError(
      "processes on CUDA devices need NCCL, some of whose headers were not there, or did not fit, when the "
      "addon was compiled: pip install nvidia-nccl-cu13 'cuda-toolkit[cccl]', or install a CUDA toolkit and "
      "libnccl-dev");
#endif
}

}  // namespace

std::shared_ptr<ProcessGroup> ProcessGroup::join(const Meeting& meeting) {
  OnDevice guard(meeting.device);
  const auto group = meeting.device.is_cuda() ? connectNccl(meeting) : connectGloo(meeting);
  // NCCL connects at its first collective: here, where JavaScript does not wait for it.
  std::vector<at::Tensor> first{at::zeros({1}, at::TensorOptions().device(meeting.device))};
  waitFor(group->allreduce(first), meeting);
  return std::make_shared<C10dProcessGroup>(meeting, group);
}

#else

std::shared_ptr<ProcessGroup> ProcessGroup::join(const Meeting&) {
  throw UsageError(
      "several processes need Gloo or NCCL, which this libtorch was built without, or whose headers did not "
      "fit: use that of pip install torch");
}

#endif

}  // namespace simvlm
