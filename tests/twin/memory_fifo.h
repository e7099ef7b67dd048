// SPDX-License-Identifier: LGPL-2.1-or-later
// A fifo of a memory tile: objects of one size in buffers of their own, filled and sent in pieces.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace npu::twin {

class MemoryFifo {
 public:
  MemoryFifo(size_t object_bytes, size_t depth)
      : slots_(depth, Slot{std::vector<std::byte>(object_bytes), ""}) {}

  bool empty() const { return full_ == 0; }
  bool has_room() const { return full_ < slots_.size(); }
  size_t full() const { return full_; }
  size_t depth() const { return slots_.size(); }
  size_t partial() const { return filled_; }   // bytes of the object that arrives
  size_t objects() const { return objects_; }  // that have arrived

  // Room in the object that arrives. Precondition: has_room().
  std::span<std::byte> room() { return std::span(arriving().bytes).subspan(filled_); }
  void arrived(size_t bytes, const std::string& origin) {
    if (filled_ == 0) arriving().origin = origin;
    filled_ += bytes;
    if (filled_ < arriving().bytes.size()) return;
    filled_ = 0, ++full_, ++objects_;
  }

  // What has not been sent of the oldest object. Precondition: !empty().
  std::span<const std::byte> head() const {
    return std::span<const std::byte>(slots_[next_].bytes).subspan(sent_);
  }
  const std::string& origin() const { return slots_[next_].origin; }
  // True with the object's last byte.
  bool leave(size_t bytes) {
    sent_ += bytes;
    if (sent_ < slots_[next_].bytes.size()) return false;
    sent_ = 0, --full_, next_ = (next_ + 1) % slots_.size();
    return true;
  }

  void clear() { next_ = full_ = filled_ = sent_ = objects_ = 0; }

 private:
  struct Slot {
    std::vector<std::byte> bytes;
    std::string origin;  // the operation whose task brought it
  };
  Slot& arriving() { return slots_[(next_ + full_) % slots_.size()]; }

  std::vector<Slot> slots_;
  size_t next_ = 0, full_ = 0, filled_ = 0, sent_ = 0, objects_ = 0;
};

}  // namespace npu::twin
