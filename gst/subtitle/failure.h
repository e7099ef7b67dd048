// SPDX-License-Identifier: LGPL-2.1-or-later
// How npusubtitle ends, and what it says then.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace npu::subtitle {

// Exit codes of the command; documented in npusubtitle(1), so the numbers do not change.
enum class ExitCode {
  kSuccess = 0,
  kFailed = 1,          // anything without a code of its own, a failed self-test
  kUsage = 2,           // an unknown option, an impossible value
  kInput = 3,           // no such file, not readable, not media
  kNoAudio = 4,         // no audio track, or not the one that was asked for
  kMissingDecoder = 5,  // a GStreamer plugin is missing
  kModel = 6,           // no such model, or a bad one
  kDevice = 7,          // the device is not there
  kOutput = 8,          // exists, not writable, no space left
  kInterrupted = 130,   // SIGINT
  kTerminated = 143,    // SIGTERM
};

// One line for people, without a newline.
struct Failure {
  ExitCode code;
  std::string message;
};

// A T or a Failure.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Failure& failure() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

// Success, or a Failure.
using Done = Outcome<std::monostate>;
inline Done done() {
  return Done(std::monostate());
}

}  // namespace npu::subtitle
