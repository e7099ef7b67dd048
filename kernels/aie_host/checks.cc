// SPDX-License-Identifier: LGPL-2.1-or-later
#include "aie_host/checks.h"

#include <algorithm>
#include <new>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(0))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(0))
#endif

namespace aie_host {
namespace {

constexpr size_t kGuard = 256;
constexpr std::align_val_t kAlignment{64};

struct Violations {
  unsigned count = 0;
  std::string first;
};

Violations& violations() {
  thread_local Violations found;
  return found;
}

std::vector<WatchedMemory*>& watched() {
  thread_local std::vector<WatchedMemory*> memories;
  return memories;
}

uintptr_t address(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

}  // namespace

void report(const char* what) {
  Violations& found = violations();
  if (found.count++ == 0) found.first = what;
}

unsigned violation_count() {
  return violations().count;
}
const char* first_violation() {
  return violations().first.c_str();
}
void clear_violations() {
  violations() = {};
}

WatchedMemory::WatchedMemory(size_t bytes)
    : allocation_(static_cast<std::byte*>(::operator new(bytes + 2 * kGuard, kAlignment))),
      begin_(allocation_ + kGuard),
      written_(bytes, 0) {
  std::memset(allocation_, 0xA5, bytes + 2 * kGuard);
  ASAN_POISON_MEMORY_REGION(allocation_, kGuard);
  ASAN_POISON_MEMORY_REGION(begin_ + bytes, kGuard);
  watched().push_back(this);
}

WatchedMemory::~WatchedMemory() {
  std::erase(watched(), this);
  ASAN_UNPOISON_MEMORY_REGION(allocation_, size() + 2 * kGuard);
  ::operator delete(allocation_, kAlignment);
}

void WatchedMemory::set(const void* from, size_t bytes, size_t offset) {
  if (offset > size() || bytes > size() - offset) return report("set() past the end of memory");
  if (bytes == 0) return;
  std::memcpy(begin_ + offset, from, bytes);
  std::fill_n(written_.begin() + static_cast<ptrdiff_t>(offset), bytes, uint8_t{1});
}

void WatchedMemory::forget() {
  std::memset(begin_, 0xA5, size());
  std::fill(written_.begin(), written_.end(), uint8_t{0});
}

bool WatchedMemory::all_written() const {
  return std::find(written_.begin(), written_.end(), uint8_t{0}) == written_.end();
}

bool WatchedMemory::reaches(uintptr_t from, size_t bytes) const {
  return from + bytes > address(allocation_) && from < address(begin_) + size() + kGuard;
}

bool WatchedMemory::contains(uintptr_t from, size_t bytes) const {
  return from >= address(begin_) && from + bytes <= address(begin_) + size();
}

bool check_load(const void* from, size_t bytes, size_t alignment) {
  if (address(from) % alignment != 0) report("misaligned load");
  for (const WatchedMemory* memory : watched()) {
    if (!memory->reaches(address(from), bytes)) continue;
    if (!memory->contains(address(from), bytes)) {
      report("load out of range");
      return false;
    }
    const size_t offset = address(from) - address(memory->begin_);
    if (std::memchr(memory->written_.data() + offset, 0, bytes) != nullptr) {
      report("load of memory never written");
    }
    return true;
  }
  return true;
}

bool check_store(const void* to, size_t bytes, size_t alignment) {
  if (address(to) % alignment != 0) report("misaligned store");
  for (WatchedMemory* memory : watched()) {
    if (!memory->reaches(address(to), bytes)) continue;
    if (!memory->contains(address(to), bytes)) {
      report("store out of range");
      return false;
    }
    const size_t offset = address(to) - address(memory->begin_);
    std::memset(memory->written_.data() + offset, 1, bytes);
    return true;
  }
  return true;
}

}  // namespace aie_host
