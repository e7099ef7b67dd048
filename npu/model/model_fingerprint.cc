// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/model_fingerprint.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

namespace npu {
namespace {

namespace fs = std::filesystem;

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
    if (std::error_code ignored; entry->is_regular_file(ignored))
      files.insert(entry->path().string());
  if (error) return Error{ErrorCode::kIo, text(path, ": cannot list: ", error.message())};
  std::string result = canonical.string() + '\n';
  for (const std::string& file : files) {
    NPU_TRY_ASSIGN(const std::string line, describe_file(file));
    result += line;
  }
  return result;
}

Result<WeightIdentity> weight_identity(const std::string& path) {
  NPU_TRY_ASSIGN(std::string fingerprint, model_fingerprint(path));
  std::error_code ignored;
  return WeightIdentity{fs::canonical(path, ignored).string(), std::move(fingerprint)};
}

}  // namespace npu
