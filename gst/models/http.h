// SPDX-License-Identifier: LGPL-2.1-or-later
// Files from a web server, with libcurl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "models/progress.h"
#include "result.h"

namespace npu::models {

// Errors of both transfers:
//   kTimeout   the server cannot be reached, does not answer, or broke off too often
//   kNotFound  it answers, but not with the file (HTTP status in the message)
//   kBadModel  it sends something else than was announced
//   kIo        the file cannot be written
// One thread. Proxies are taken from the environment, as curl(1) does.
class Http {
 public:
  // Errors: kInternal (libcurl cannot start).
  static Result<std::unique_ptr<Http>> create();
  ~Http();

  // A document of at most 8 MB.
  Result<std::string> get(const std::string& url);

  // Fetches `size_bytes` into `partial`, going on after the bytes that are there already. A
  // transfer that breaks off is taken up again as long as more bytes come. A server that sends the
  // whole file instead of the rest is obeyed. Contents are not checked here.
  Result<void> download(const std::string& url, const std::filesystem::path& partial,
                        uint64_t size_bytes, const std::string& label, Progress& progress);

 private:
  struct Handle;
  explicit Http(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace npu::models
