// SPDX-License-Identifier: LGPL-2.1-or-later
// What the host build finds wrong in a kernel, and memory that it watches. Host only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace aie_host {

// Violations of the calling thread since clear_violations(): misaligned or out-of-range access, use
// of contents never written, an index or a shift out of range. The kernel goes on; tests fail on
// them.
void report(const char* what);
unsigned violation_count();
const char* first_violation();  // "" if there is none
void clear_violations();

// Called by loads and stores of vectors. What lies in no WatchedMemory is checked for alignment
// only.
bool check_load(const void* from, size_t bytes, size_t alignment);
bool check_store(const void* to, size_t bytes, size_t alignment);

// A piece of a tile's data memory with guards around it (poisoned under AddressSanitizer, for
// scalar access). Bytes count as never written until set() or a vector store of this thread.
class WatchedMemory {
 public:
  explicit WatchedMemory(size_t bytes);
  ~WatchedMemory();
  WatchedMemory(const WatchedMemory&) = delete;
  WatchedMemory& operator=(const WatchedMemory&) = delete;

  std::byte* data() { return begin_; }
  const std::byte* data() const { return begin_; }
  size_t size() const { return written_.size(); }
  void set(const void* from, size_t bytes, size_t offset = 0);
  void forget();  // everything counts as never written again
  bool all_written() const;

 private:
  friend bool check_load(const void*, size_t, size_t);
  friend bool check_store(const void*, size_t, size_t);
  bool reaches(uintptr_t from, size_t bytes) const;  // guards included
  bool contains(uintptr_t from, size_t bytes) const;

  std::byte* allocation_;
  std::byte* begin_;
  std::vector<uint8_t> written_;
};

// The same, of elements.
template <typename T>
class TileBuffer {
 public:
  explicit TileBuffer(size_t count) : memory_(count * sizeof(T)) {}
  explicit TileBuffer(std::span<const T> values) : TileBuffer(values.size()) { set(values); }
  explicit TileBuffer(const std::vector<T>& values) : TileBuffer(std::span<const T>(values)) {}

  T* data() { return reinterpret_cast<T*>(memory_.data()); }
  size_t size() const { return memory_.size() / sizeof(T); }
  void set(std::span<const T> values) { memory_.set(values.data(), values.size_bytes()); }
  void forget() { memory_.forget(); }
  bool all_written() const { return memory_.all_written(); }
  std::vector<T> values() const {
    std::vector<T> copy(size());
    std::memcpy(copy.data(), memory_.data(), memory_.size());
    return copy;
  }

 private:
  WatchedMemory memory_;
};

}  // namespace aie_host
