// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>

namespace npu {
namespace {

namespace fs = std::filesystem;

// CancelToken wakes nobody: waits look at it this often.
constexpr std::chrono::milliseconds kCancelPoll{20};

// "name size seconds.nanoseconds"; the inode tells a replaced file from its predecessor.
Result<std::string> describe_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return Error{errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                 text(path, ": cannot examine: ", std::strerror(errno))};
  return text(path, ' ', status.st_size, ' ', status.st_mtim.tv_sec, '.', status.st_mtim.tv_nsec,
              ' ', status.st_ino, '\n');
}

}  // namespace

Result<std::string> model_fingerprint(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error)
    return Error{
        error == std::errc::no_such_file_or_directory ? ErrorCode::kNotFound : ErrorCode::kIo,
        text(path, ": ", error.message())};
  if (!fs::is_directory(canonical, error)) return describe_file(canonical.string());
  std::set<std::string> files;  // sorted: the order of a folder may change
  fs::directory_iterator entry(canonical, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error))
    if (std::error_code ignored; entry->is_regular_file(ignored)) files.insert(entry->path());
  if (error) return Error{ErrorCode::kIo, text(path, ": cannot list: ", error.message())};
  std::string result = canonical.string() + '\n';
  for (const std::string& file : files) {
    NPU_TRY_ASSIGN(const std::string line, describe_file(file));
    result += line;
  }
  return result;
}

Result<bool> ModelCache::claim(const std::string& key, const CancelToken& cancel, ModelPtr& model) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (cancel.cancelled())
      return Error{ErrorCode::kCancelled,
                   "waiting for another user's load of the model: cancelled"};
    std::erase_if(entries_, [](const auto& entry) {
      return !entry.second.loading && entry.second.model.expired();
    });
    Entry& entry = entries_[key];
    if (!entry.loading) {
      model = entry.model.lock();
      entry.loading = !model;
      return entry.loading;
    }
    changed_.wait_for(lock, kCancelPoll);
  }
}

void ModelCache::settle(const std::string& key, const ModelPtr& model) {
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[key];
    entry.model = model;
    entry.loading = false;
  }
  changed_.notify_all();
}

Result<ModelCache::ModelPtr> ModelCache::get(const std::string& key, const Loader& loader,
                                             const CancelToken& cancel) {
  ModelPtr model;
  NPU_TRY_ASSIGN(const bool mine, claim(key, cancel, model));
  if (!mine) return model;
  // Whatever way the loader is left, the others must not wait for ever.
  struct Settle {
    ModelCache& cache;
    const std::string& key;
    ModelPtr model;
    ~Settle() { cache.settle(key, model); }
  } result{*this, key, nullptr};
  NPU_TRY_ASSIGN(result.model, loader());
  return result.model;
}

}  // namespace npu
