// SPDX-License-Identifier: LGPL-2.1-or-later
// What executes an instruction stream behind the double: the seam between XRT's calls and a model
// of the array.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xrt_double {

// Which 4-byte words of a buffer's device copy hold something: what the host synced, or the array
// wrote. The others are poison (0xA5), and to read them is a fault of the caller. Thread-safe.
class KnownWords {
 public:
  explicit KnownWords(size_t words) : bits_((words + 63) / 64), words_(words) {}
  size_t words() const { return words_; }
  bool knows(size_t word) const {
    return (bits_[word / 64].load(std::memory_order_relaxed) >> word % 64 & 1) != 0;
  }
  void mark(size_t first, size_t count) {
    for (size_t word = first; word < first + count; ++word)
      bits_[word / 64].fetch_or(uint64_t{1} << word % 64, std::memory_order_relaxed);
  }
  // The first unknown word of [first, first + count), or first + count if all are known.
  size_t first_unknown(size_t first, size_t count) const {
    size_t word = first;
    while (word < first + count && knows(word)) ++word;
    return word;
  }

 private:
  // Atomic, since the host may sync one part of a buffer while the array works on another.
  std::vector<std::atomic<uint64_t>> bits_;
  size_t words_;
};

// A buffer argument as the device sees it; `known` counts from `bytes`. Borrowed for one command.
// An argument that was not set has no bytes and no `known`.
struct DeviceBuffer {
  std::span<std::byte> bytes;  // the device copy
  uint64_t address = 0;        // of the first byte, as the device addresses it
  KnownWords* words = nullptr;
  size_t first_word = 0;  // of `bytes` in `words`: a part of a buffer begins inside it

  bool knows(size_t word) const { return words->knows(first_word + word); }
  void mark(size_t word, size_t count) const { words->mark(first_word + word, count); }
  size_t first_unknown(size_t word, size_t count) const {
    return words->first_unknown(first_word + word, count) - first_word;
  }
};

// One run of the kernel.
struct Stream {
  std::span<const uint32_t> words;       // the instruction stream, header included
  std::span<DeviceBuffer> buffers;       // buffers[i] is the kernel's argument 3 + i
  std::span<const std::byte> partition;  // section AIE_PARTITION of the context's xclbin
};

// How a stream ended.
struct Outcome {
  enum class Kind {
    kDone,
    kFault,  // the stream is wrong: the command ends in ERROR, and a violation is recorded
    kHang,   // nothing can move any more: the command ends in TIMEOUT when the watchdog fires
  };
  Kind kind = Kind::kDone;
  std::string message;  // what was expected and found; empty if done
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Executes a stream to its end. Called from threads of the double, never from two at once. How
  // long it takes on the host counts for no watchdog.
  virtual Outcome run(const Stream& stream) = 0;
  // What is on the chip is lost (a context was made or restarted).
  virtual void reset() {}
};

// The executor of a process that sets none (control.h): in this library there is none, and every
// command is a fault.
std::shared_ptr<Executor> default_executor();

}  // namespace xrt_double
