// What C++ throws, as JavaScript errors of one line with a code.
#pragma once

#include <node_api.h>

#include <stdexcept>
#include <string>

namespace simvlm {

/** A call that does not fit: a wrong argument, a stale handle. */
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Node-API said no; usually a JavaScript exception is pending already. */
struct NodeApiError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(napi_status status, const char* what) {
  if (status != napi_ok) throw NodeApiError(std::string("Node-API failed at ") + what);
}

/** Makes a JavaScript `Error` of the C++ exception that is being handled; to be called inside `catch`. */
napi_value currentException(napi_env env);

/** Throws that error in JavaScript, unless one is pending already. */
void throwCurrentException(napi_env env);

}  // namespace simvlm
