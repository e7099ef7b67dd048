// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporaryName = ".npusubtitle-XXXXXX";

Failure failed(const char* doing, const fs::path& path, int error) {
  return {ExitCode::kOutput,
          std::string(doing) + " " + path.string() + ": " + std::generic_category().message(error)};
}

// As a file made by open() would get it.
mode_t default_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

// The folder's entry should survive a power cut as well; not every file system can promise it.
void sync_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Outcome<std::unique_ptr<OutputFile>> OutputFile::create(const fs::path& target,
                                                        const fs::path& input, bool force) {
  std::error_code ignored;
  const fs::file_status status = fs::status(target, ignored);
  fs::path real = target;
  if (fs::exists(status)) {
    if (fs::is_directory(status)) return failed("cannot write", target, EISDIR);
    if (!fs::is_regular_file(status)) {
      const int descriptor = open(target.c_str(), O_WRONLY | O_CLOEXEC);
      if (descriptor < 0) return failed("cannot write", target, errno);
      return std::unique_ptr<OutputFile>(new OutputFile(target, "", descriptor, true));
    }
    if (fs::equivalent(target, input, ignored)) {
      return Failure{ExitCode::kOutput, target.string() + " is the file to be read"};
    }
    if (!force) {
      return Failure{ExitCode::kOutput, target.string() + " exists (--force overwrites it)"};
    }
    real = fs::canonical(target, ignored);  // a link stays a link
    if (real.empty()) real = target;
  }
  std::string temporary = (folder_of(real) / kTemporaryName).string();
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return failed("cannot write to the folder of", target, errno);
  struct stat existing {};
  const bool keep_mode = fs::exists(status) && stat(real.c_str(), &existing) == 0;
  // Some file systems have no modes; the file is written all the same.
  const int changed = fchmod(descriptor, keep_mode ? existing.st_mode & 07777 : default_mode());
  static_cast<void>(changed);
  return std::unique_ptr<OutputFile>(new OutputFile(real, temporary, descriptor, force));
}

OutputFile::OutputFile(fs::path target, fs::path temporary, int descriptor, bool force)
    : target_(std::move(target)),
      temporary_(std::move(temporary)),
      descriptor_(descriptor),
      force_(force) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Done OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", target_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return done();
}

Done OutputFile::finish() {
  if (descriptor_ < 0) return done();
  // EINVAL, ENOTSUP: a pipe or a device, which has no disk behind it.
  if (fsync(descriptor_) < 0 && errno != EINVAL && errno != ENOTSUP) {
    return failed("cannot write", target_, errno);
  }
  const int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed < 0 && errno != EINTR) return failed("cannot write", target_, errno);
  return done();
}

Done OutputFile::give_name() {
  if (force_) {
    if (rename(temporary_.c_str(), target_.c_str()) < 0) {
      return failed("cannot write", target_, errno);
    }
    temporary_.clear();
    return done();
  }
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) {
    temporary_.clear();
    return done();
  }
  if (errno == EEXIST) {
    return Failure{ExitCode::kOutput,
                   target_.string() + " exists meanwhile (--force overwrites it)"};
  }
  if (errno != EINVAL && errno != ENOSYS) return failed("cannot write", target_, errno);
  // The file system has no exclusive rename: link() is exclusive, too.
  if (link(temporary_.c_str(), target_.c_str()) == 0) return done();  // the destructor unlinks
  if (errno == EEXIST) return failed("cannot write", target_, EEXIST);
  if (rename(temporary_.c_str(), target_.c_str()) < 0)
    return failed("cannot write", target_, errno);
  temporary_.clear();
  return done();
}

Done OutputFile::commit() {
  if (Done finished = finish(); !finished) return finished;
  if (temporary_.empty()) return done();
  if (Done named = give_name(); !named) return named;
  sync_folder(folder_of(target_));
  return done();
}

}  // namespace npu::subtitle
