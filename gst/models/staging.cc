// SPDX-License-Identifier: LGPL-2.1-or-later
// Staging: the lock, and the step that gives a model its name.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "models/store.h"

namespace npu::models {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Result<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return Error{ErrorCode::kIo, text("cannot make folder ", path.string(), ": ", error.message())};
}

// Whether `path` still names the open file: the holder before us removes it when it is done.
bool still_named(const Descriptor& file, const fs::path& path) {
  struct stat ours {};
  struct stat named {};
  return fstat(file.get(), &ours) == 0 && stat(path.c_str(), &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

Error taken_by_another(const std::string& name, const Descriptor& lock) {
  char digits[24] = {};
  const ssize_t got = pread(lock.get(), digits, sizeof digits - 1, 0);
  const std::string holder = got > 0 ? text(" (process ", digits, ")") : "";
  return Error{ErrorCode::kCancelled, text("another fetch of ", name, " is under way", holder)};
}

Result<Descriptor> take_lock(const fs::path& path, const std::string& name) {
  for (;;) {
    Descriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!lock) return system_error("cannot write", path);
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return taken_by_another(name, lock);
      return system_error("cannot lock", path);
    }
    if (!still_named(lock, path)) continue;
    const std::string holder = std::to_string(getpid());
    // Only people read it: a lock without it is as good.
    if (ftruncate(lock.get(), 0) == 0) {
      [[maybe_unused]] const ssize_t put = pwrite(lock.get(), holder.data(), holder.size(), 0);
    }
    return lock;
  }
}

// Moves a whole folder, or its files one by one where a model of that name exists already.
Result<void> move_into_place(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(to, error)) {
    fs::rename(from, to, error);
    if (!error) return {};
    return Error{ErrorCode::kIo, text("cannot rename ", from.string(), ": ", error.message())};
  }
  for (fs::directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    fs::rename(entry->path(), to / entry->path().filename(), error);
    if (error) break;
  }
  if (error) {
    return Error{ErrorCode::kIo,
                 text("cannot move files into ", to.string(), ": ", error.message())};
  }
  fs::remove_all(from, error);
  return {};
}

void remove_empty(const fs::path& folder) {
  std::vector<fs::path> inside;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    inside.push_back(entry->path());
  }
  for (const fs::path& path : inside) {
    if (fs::is_empty(path, error) && !error) fs::remove(path, error);
  }
  rmdir(folder.c_str());
}

}  // namespace

Staging::Staging(fs::path folder, const std::string& name, Descriptor lock)
    : folder_(std::move(folder)),
      final_(folder_ / name),
      staging_(folder_ / (name + ".partial")),
      lock_path_(folder_ / ("." + name + ".lock")),
      lock_(std::move(lock)) {}

Result<std::unique_ptr<Staging>> Staging::open(const fs::path& folder, const std::string& name) {
  NPU_TRY(make_folders(folder));
  NPU_TRY_ASSIGN(Descriptor lock, take_lock(folder / ("." + name + ".lock"), name));
  std::unique_ptr<Staging> staging(new Staging(folder, name, std::move(lock)));
  NPU_TRY(make_folders(staging->staging_));
  return staging;
}

Staging::~Staging() {
  // Names go while the lock is held; empty files and folders are of no use to the next attempt.
  remove_empty(staging_);
  unlink(lock_path_.c_str());
}

Result<void> Staging::commit(const ModelSpec& spec) {
  // Leftovers, such as partial files of an earlier list of files, are no part of the model.
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator entry(staging_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    bool wanted = name == kRecordName;
    for (const FileSpec& file : spec.files) wanted = wanted || file.name == name;
    if (!wanted) leftovers.push_back(entry->path());
  }
  for (const fs::path& path : leftovers) fs::remove_all(path, error);
  NPU_TRY(sync_path(staging_));
  NPU_TRY(move_into_place(staging_, final_));
  NPU_TRY(sync_path(final_));
  return sync_path(folder_);
}

}  // namespace npu::models
