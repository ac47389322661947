// Numbers into tensors and out of them.
#include <ATen/ops/empty.h>

#include <cstring>

#include "addon.h"
#include "promise.h"
#include "values.h"

namespace simvlm {
namespace {

struct Bytes {
  const char* data = nullptr;
  size_t size = 0;
};

Bytes bytesOf(napi_env env, napi_value value) {
  void* data = nullptr;
  size_t size = 0;
  bool is = false;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
    napi_typedarray_type type;
    size_t length = 0;
    check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "a typed array");
    switch (type) {
      case napi_int16_array:
      case napi_uint16_array: size = length * 2; break;
      case napi_int32_array:
      case napi_uint32_array:
      case napi_float32_array: size = length * 4; break;
      case napi_float64_array:
      case napi_bigint64_array:
      case napi_biguint64_array: size = length * 8; break;
      default: size = length;  // of one byte each
    }
  } else if (napi_is_dataview(env, value, &is) == napi_ok && is) {
    check(napi_get_dataview_info(env, value, &size, &data, nullptr, nullptr), "a DataView");
  } else if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) {
    check(napi_get_arraybuffer_info(env, value, &data, &size), "an ArrayBuffer");
  } else {
    throw UsageError("data must be a typed array, got " + describe(env, value));
  }
  return {static_cast<const char*>(data), size};
}

std::vector<int64_t> shapeFrom(napi_env env, napi_value value) {
  uint32_t rank = 0;
  if (napi_get_array_length(env, value, &rank) != napi_ok)
    throw UsageError("a shape must be an array of sizes, got " + describe(env, value));
  std::vector<int64_t> shape(rank);
  for (uint32_t i = 0; i < rank; ++i) {
    napi_value element;
    double size = 0;
    check(napi_get_element(env, value, i, &element), "a size");
    if (napi_get_value_double(env, element, &size) != napi_ok || !isWhole(size) || size < 0)
      throw UsageError("a shape must be an array of sizes; element " + std::to_string(i) + " is " +
                       describe(env, element));
    shape[i] = static_cast<int64_t>(size);
  }
  return shape;
}

void requireSize(size_t given, const at::Tensor& tensor) {
  const size_t wanted = static_cast<size_t>(tensor.numel()) * tensor.element_size();
  if (given != wanted)
    throw UsageError("the data has " + std::to_string(given) + " bytes, the tensor " +
                     std::to_string(wanted));
}

/** Copies into a contiguous CPU tensor. */
void fill(const at::Tensor& tensor, const Bytes& bytes) {
  auto* to = static_cast<char*>(tensor.data_ptr());
  if (tensor.scalar_type() == at::kBool) {
    // A C++ bool that is neither 0 nor 1 is undefined behaviour, and vector code does strange things with it.
    for (size_t i = 0; i < bytes.size; ++i) to[i] = bytes.data[i] != 0;
  } else if (bytes.size > 0) {
    std::memcpy(to, bytes.data, bytes.size);
  }
}

/** The numbers, row-major, as they mean it: conjugation and negation that ATen put off are done. */
at::Tensor plain(const at::Tensor& tensor) { return tensor.resolve_conj().resolve_neg().contiguous(); }

/** A new ArrayBuffer with the numbers of a contiguous CPU tensor. */
napi_value toArrayBuffer(napi_env env, const at::Tensor& tensor) {
  const size_t size = static_cast<size_t>(tensor.numel()) * tensor.element_size();
  void* data = nullptr;
  napi_value buffer;
  check(napi_create_arraybuffer(env, size, &data, &buffer), "an ArrayBuffer");
  if (size > 0) std::memcpy(data, tensor.data_ptr(), size);
  return buffer;
}

/** A read that waits for a device. */
class Reading final : public Waiting {
 public:
  explicit Reading(std::unique_ptr<PendingCopy> copy) : copy_(std::move(copy)) {}
  void wait() override { copy_->wait(); }
  napi_value result(napi_env env) override { return toArrayBuffer(env, copy_->host()); }

 private:
  std::unique_ptr<PendingCopy> copy_;
};

}  // namespace

napi_value createTensor(Call& call) {
  const Bytes bytes = bytesOf(call.env, call.count > 0 ? call.arguments[0] : undefinedJs(call.env));
  const std::vector<int64_t> shape =
      shapeFrom(call.env, call.count > 1 ? call.arguments[1] : undefinedJs(call.env));
  const c10::ScalarType dtype = toScalarType(call.number(2, "a dtype"));
  const c10::Device device = toDevice(call.count > 3 ? call.number(3, "a device") : -1);
  // The size is compared before anything is allocated: a wrong shape may ask for more than there is.
  double count = 1;
  for (const int64_t size : shape) count *= static_cast<double>(size);
  const double wanted = count * static_cast<double>(c10::elementSize(dtype));
  if (wanted != static_cast<double>(bytes.size))
    throw UsageError("the data has " + std::to_string(bytes.size) + " bytes, the tensor " +
                     std::to_string(static_cast<int64_t>(wanted < 9e15 ? wanted : 9e15)));
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  fill(tensor, bytes);
  if (device.is_cuda()) tensor = tensor.to(device);
  followMemory(call.env, call.addon);
  return handleToJs(call.env, call.addon.handles, std::move(tensor));
}

napi_value readSync(Call& call) { return toArrayBuffer(call.env, plain(call.tensor(0)).to(at::kCPU)); }

napi_value read(Call& call) {
  const at::Tensor tensor = plain(call.tensor(0));
  if (tensor.is_cuda())
    return promiseOf(call.env, "simvlm.read", std::make_unique<Reading>(startCopyToHost(tensor)));
  // On the CPU the numbers are there already.
  const napi_value buffer = toArrayBuffer(call.env, tensor);
  napi_deferred deferred;
  napi_value promise;
  check(napi_create_promise(call.env, &deferred, &promise), "a promise");
  check(napi_resolve_deferred(call.env, deferred, buffer), "a promise");
  return promise;
}

napi_value readInto(Call& call) {
  const at::Tensor all = plain(call.tensor(0)).view({-1});
  const double begin = call.number(1, "a place");
  const Bytes into = bytesOf(call.env, call.count > 2 ? call.arguments[2] : undefinedJs(call.env));
  const int64_t count = static_cast<int64_t>(into.size / all.element_size());
  if (!isWhole(begin) || begin < 0 || begin + static_cast<double>(count) > static_cast<double>(all.numel()))
    throw UsageError(std::to_string(count) + " numbers from place " + std::to_string(static_cast<int64_t>(begin)) + " on, and there are " +
                     std::to_string(all.numel()));
  const at::Tensor part = all.narrow(0, static_cast<int64_t>(begin), count).to(at::kCPU);
  if (into.size > 0) std::memcpy(const_cast<char*>(into.data), part.data_ptr(), count * all.element_size());
  return undefinedJs(call.env);
}

napi_value writeTensor(Call& call) {
  const at::Tensor tensor = call.tensor(0);
  const Bytes bytes = bytesOf(call.env, call.count > 1 ? call.arguments[1] : undefinedJs(call.env));
  requireSize(bytes.size, tensor);
  if (tensor.device().is_cpu() && tensor.is_contiguous()) {
    fill(tensor, bytes);
  } else {
    const at::Tensor host = at::empty(tensor.sizes(), tensor.options().device(at::kCPU));
    fill(host, bytes);
    tensor.copy_(host);
  }
  return undefinedJs(call.env);
}

napi_value shapeOf(Call& call) {
  const at::Tensor& tensor = call.tensor(0);
  napi_value shape;
  check(napi_create_array_with_length(call.env, tensor.dim(), &shape), "an array");
  for (int64_t i = 0; i < tensor.dim(); ++i)
    check(napi_set_element(call.env, shape, i, numberToJs(call.env, static_cast<double>(tensor.size(i)))),
          "a size");
  return shape;
}

napi_value dtypeOf(Call& call) {
  return numberToJs(call.env, static_cast<double>(call.tensor(0).scalar_type()));
}

napi_value deviceOf(Call& call) {
  const c10::Device device = call.tensor(0).device();
  return numberToJs(call.env, device.is_cpu() ? -1 : device.index());
}

napi_value aliasOf(Call& call) {
  const at::Tensor tensor =
      call.tensor(0);  // a copy: adding may move the table that the reference points into
  return handleToJs(call.env, call.addon.handles, tensor);
}

napi_value isShared(Call& call) {
  const at::Tensor& tensor = call.tensor(0);
  napi_value result;
  check(napi_get_boolean(call.env, tensor.use_count() > 1 || tensor.storage().use_count() > 1, &result), "a boolean");
  return result;
}

napi_value freeTensor(Call& call) {
  if (call.addon.recording != nullptr) call.addon.recording->released(call.tensor(0));
  const double handle = call.number(0, "a tensor's handle");
  if (!call.addon.handles.remove(handle)) throw staleHandle(handle);
  return nullptr;
}

}  // namespace simvlm
