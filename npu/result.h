// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors are values: Result<T> is either a T or an Error that a person can act on.
#pragma once

#include <cassert>
#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace npu {

// What kind of failure it was, for code to act on. The message is for people.
enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something that cannot be (a property, an option, a
                     // shape)
  kNotFound,         // a file or a named model does not exist
  kBadModel,         // a model file is not what it must be
  kUnsupported,      // well-formed, but of a kind that is not handled
  kNoDevice,         // the requested device is not there or cannot be used
  kDeviceLost,       // the device went away or failed in the middle of work
  kTimeout,          // the deadline passed
  kCancelled,        // the caller's CancelToken fired
  kOutOfMemory,
  kIo,        // reading or writing failed
  kInternal,  // a broken invariant: a bug of ours
};

// A failure: a code, and a sentence that says what was done, to what, what was expected, what was
// found, and what to do about it.
struct Error {
  ErrorCode code;
  std::string message;
};

// Either a value or an Error. Member names follow std::expected, which the oldest supported
// compiler lacks. Not thread-safe.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return has_value(); }
  bool has_value() const { return state_.index() == 0; }

  // Precondition: has_value().
  T& value() & {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Precondition: !has_value().
  const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  explicit operator bool() const { return !failed_; }
  bool has_value() const { return !failed_; }

  // Precondition: !has_value().
  const Error& error() const {
    assert(failed_);
    return error_;
  }

 private:
  Error error_{};
  bool failed_ = false;
};

// Joins its arguments into one string as operator<< prints them: text("expected ", 3, ", found ",
// 4).
template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace npu

// Returns the Error of `expression` (a Result) from the enclosing function, if it has one.
#define NPU_TRY(expression)                                                                 \
  do {                                                                                      \
    if (auto npu_try_result = (expression); !npu_try_result) return npu_try_result.error(); \
  } while (false)

#define NPU_CONCAT_INNER(a, b) a##b
#define NPU_CONCAT(a, b) NPU_CONCAT_INNER(a, b)

// Declares `declaration` with the value of `expression` (a Result), or returns its Error:
//   NPU_TRY_ASSIGN(auto file, open(path));
#define NPU_TRY_ASSIGN(declaration, expression)                                             \
  auto NPU_CONCAT(npu_result_, __LINE__) = (expression);                                    \
  if (!NPU_CONCAT(npu_result_, __LINE__)) return NPU_CONCAT(npu_result_, __LINE__).error(); \
  declaration = *std::move(NPU_CONCAT(npu_result_, __LINE__))
