// Promises for work that waits: for a device, or for other processes.
#pragma once

#include <node_api.h>

#include <exception>
#include <memory>

namespace simvlm {

/** Something to wait for without blocking the event loop, and what comes of it. */
class Waiting {
 public:
  virtual ~Waiting() = default;
  /** Blocks until it is done; runs on a thread of libuv. */
  virtual void wait() = 0;
  /** What the promise is resolved with; runs on JavaScript's thread. */
  virtual napi_value result(napi_env env) = 0;
};

/** A promise of the result; what `wait` or `result` throws rejects it. */
napi_value promiseOf(napi_env env, const char* name, std::unique_ptr<Waiting> waiting);

}  // namespace simvlm
