#include "promise.h"

#include "errors.h"
#include "values.h"

namespace simvlm {
namespace {

struct PromisedWork {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  std::unique_ptr<Waiting> waiting;
  std::exception_ptr failure;
};

void waitForWork(napi_env, void* data) {
  auto* promised = static_cast<PromisedWork*>(data);
  try {
    promised->waiting->wait();
  } catch (...) {
    promised->failure = std::current_exception();
  }
}

void finishWork(napi_env env, napi_status, void* data) {
  std::unique_ptr<PromisedWork> promised(static_cast<PromisedWork*>(data));
  try {
    if (promised->failure) std::rethrow_exception(promised->failure);
    napi_resolve_deferred(env, promised->deferred, promised->waiting->result(env));
  } catch (...) {
    napi_reject_deferred(env, promised->deferred, currentException(env));
  }
  napi_delete_async_work(env, promised->work);
}

}  // namespace

napi_value promiseOf(napi_env env, const char* name, std::unique_ptr<Waiting> waiting) {
  auto promised = std::make_unique<PromisedWork>();
  promised->waiting = std::move(waiting);
  napi_value promise;
  check(napi_create_promise(env, &promised->deferred, &promise), "a promise");
  check(napi_create_async_work(env, nullptr, textToJs(env, name), waitForWork, finishWork, promised.get(),
                               &promised->work),
        "work");
  check(napi_queue_async_work(env, promised->work), "queueing work");
  promised.release();  // finishWork owns it now
  return promise;
}

}  // namespace simvlm
