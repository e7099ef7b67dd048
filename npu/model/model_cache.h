// SPDX-License-Identifier: LGPL-2.1-or-later
// The models that are in use in this process, so that their users share them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cancel.h"
#include "result.h"

namespace npu {

class Model;

// What a model was loaded from: canonical path and, of the file or of every file in the folder,
// name, size and time of modification. Errors: kNotFound, kIo.
Result<std::string> model_fingerprint(const std::string& path);

// Holds models weakly: a model lives as long as its users. Thread-safe.
class ModelCache {
 public:
  using ModelPtr = std::shared_ptr<const Model>;
  using Loader = std::function<Result<ModelPtr>()>;

  // The living model of that key, or what `loader` makes. Of several callers with the same key one
  // runs its loader, without the lock, while the others wait; if it fails, the next one tries.
  // A cancel ends the wait within 20 ms with kCancelled. Other errors: those of `loader`.
  Result<ModelPtr> get(const std::string& key, const Loader& loader, const CancelToken& cancel);

 private:
  struct Entry {
    std::weak_ptr<const Model> model;
    bool loading = false;
  };

  // True if this caller has to load; otherwise `model` is set.
  Result<bool> claim(const std::string& key, const CancelToken& cancel, ModelPtr& model);
  void settle(const std::string& key, const ModelPtr& model);

  std::mutex mutex_;                      // guards entries_; nothing is called while it is held
  std::condition_variable changed_;       // an entry is no longer loading
  std::map<std::string, Entry> entries_;  // loading, or alive when last looked at
};

}  // namespace npu
