#include "errors.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <new>

namespace simvlm {
namespace {

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::string firstLine(const std::string& text) {
  const size_t begin = text.find_first_not_of("\r\n ");
  if (begin == std::string::npos) return "ATen gave no message";
  return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
}

bool isOutOfMemory(const std::string& message) {
  return contains(message, "can't allocate memory") || contains(message, "out of memory") ||
         contains(message, "not enough memory") || contains(message, "CUBLAS_STATUS_ALLOC_FAILED") ||
         contains(message, "CUDNN_STATUS_ALLOC_FAILED") ||
         contains(message, "Storage size calculation overflowed");
}

bool isCuda(const std::string& message) {
  for (const char* sign :
       {"CUDA", "CUBLAS_STATUS", "CUSPARSE_STATUS", "CUDNN_STATUS", "cuDNN", "cuSOLVER", "NVIDIA"})
    if (contains(message, sign)) return true;
  return false;
}

/** The bytes of "tried to allocate 1048576 bytes" or "Tried to allocate 20.00 MiB"; −1 when it says none. */
double requestedBytes(const std::string& message) {
  static const std::string before = "ried to allocate ";
  const size_t at = message.find(before);
  if (at == std::string::npos) return -1;
  const char* number = message.c_str() + at + before.size();
  char* unit = nullptr;
  const double value = std::strtod(number, &unit);
  if (unit == number) return -1;
  while (*unit == ' ') ++unit;
  switch (*unit) {
    case 'K': return value * 1024;
    case 'M': return value * 1048576;
    case 'G': return value * 1073741824;
    case 'T': return value * 1099511627776;
    default: return value;
  }
}

void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value makeError(napi_env env, const std::string& message, bool outOfMemory) {
  const std::string line = firstLine(message);
  const char* code = outOfMemory || isOutOfMemory(line) ? "OUT_OF_MEMORY" : isCuda(line) ? "CUDA" : "ATEN";
  napi_value text, codeText, error;
  napi_create_string_utf8(env, line.c_str(), line.size(), &text);
  napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &codeText);
  napi_create_error(env, codeText, text, &error);
  const double requested = requestedBytes(line);
  if (requested >= 0 && code[0] == 'O') {
    napi_value bytes;
    napi_create_double(env, requested, &bytes);
    setProperty(env, error, "requested", bytes);
  }
  return error;
}

}  // namespace

napi_value currentException(napi_env env) {
  try {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    return makeError(env, error.what_without_backtrace(), true);
  } catch (const c10::Error& error) {
    return makeError(env, error.what_without_backtrace(), false);
  } catch (const std::bad_alloc&) {
    return makeError(env, "out of memory: the C++ heap is exhausted", true);
  } catch (const std::exception& error) {
    return makeError(env, error.what(), false);
  } catch (...) {
    return makeError(env, "an unknown C++ exception", false);
  }
}

void throwCurrentException(napi_env env) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw(env, currentException(env));
}

}  // namespace simvlm
