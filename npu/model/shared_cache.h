// SPDX-License-Identifier: LGPL-2.1-or-later
// Things that are dear to make and in use somewhere in this process, so that their users share
// them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cancel.h"
#include "result.h"

namespace npu {

// Holds its entries weakly: one lives as long as its users. Thread-safe.
template <typename T>
class SharedCache {
 public:
  using Ptr = std::shared_ptr<T>;
  using Loader = std::function<Result<Ptr>()>;

  // The living entry of that key, or what `loader` makes. Of several callers with the same key one
  // runs its loader, without the lock, while the others wait; if it fails, the next one tries.
  // A cancel ends the wait within 20 ms with kCancelled. Other errors: those of `loader`.
  Result<Ptr> get(const std::string& key, const Loader& loader, const CancelToken& cancel) {
    Ptr entry;
    NPU_TRY_ASSIGN(const bool mine, claim(key, cancel, entry));
    if (!mine) return entry;
    // Whatever way the loader is left, the others must not wait for ever.
    Settle settle{*this, key, nullptr};
    NPU_TRY_ASSIGN(settle.entry, loader());
    return settle.entry;
  }

 private:
  // CancelToken wakes nobody: waits look at it this often.
  static constexpr std::chrono::milliseconds kCancelPoll{20};

  struct Entry {
    std::weak_ptr<T> value;
    bool loading = false;
  };

  struct Settle {
    SharedCache& cache;
    const std::string& key;
    Ptr entry;
    ~Settle() { cache.settle(key, entry); }
  };

  // True if this caller has to load; otherwise `found` is set.
  Result<bool> claim(const std::string& key, const CancelToken& cancel, Ptr& found) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (cancel.cancelled())
        return Error{ErrorCode::kCancelled, "waiting for another user's load: cancelled"};
      std::erase_if(entries_, [](const auto& item) {
        return !item.second.loading && item.second.value.expired();
      });
      Entry& entry = entries_[key];
      if (!entry.loading) {
        found = entry.value.lock();
        entry.loading = !found;
        return entry.loading;
      }
      changed_.wait_for(lock, kCancelPoll);
    }
  }

  void settle(const std::string& key, const Ptr& value) {
    {
      const std::lock_guard lock(mutex_);
      Entry& entry = entries_[key];
      entry.value = value;
      entry.loading = false;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;                      // guards entries_; nothing is called while it is held
  std::condition_variable changed_;       // an entry is no longer loading
  std::map<std::string, Entry> entries_;  // loading, or alive when last looked at
};

}  // namespace npu
