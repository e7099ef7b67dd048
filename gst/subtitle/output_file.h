// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that is there in full or not at all.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "subtitle/failure.h"

namespace npu::subtitle {

// Reserves the right to write `target`: makes a temporary file in its folder at once, so that an
// unwritable folder is known before hours of work. The name `target` appears with commit() only;
// without it the temporary file goes when the object does.
class OutputFile {
 public:
  // `input` is never overwritten. Devices and pipes are written directly.
  // Failures: kOutput (exists and not `force`; is `input`; folder missing or not writable).
  static Outcome<std::unique_ptr<OutputFile>> create(const std::filesystem::path& target,
                                                     const std::filesystem::path& input,
                                                     bool force);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Appends `bytes`. Failures: kOutput.
  Done write(std::string_view bytes);
  // Where others may write in place of write(); empty for devices and pipes.
  const std::filesystem::path& temporary() const { return temporary_; }

  // Has what was written on the disk; nothing is written after it. Failures: kOutput.
  Done finish();
  // finish(), and gives the file its name. Without `force` a file that someone else made meanwhile
  // is kept. Once only. Failures: kOutput.
  Done commit();

  const std::filesystem::path& path() const { return target_; }

 private:
  OutputFile(std::filesystem::path target, std::filesystem::path temporary, int descriptor,
             bool force);
  Done give_name();

  const std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty: written directly, or renamed
  int descriptor_;
  const bool force_;
};

}  // namespace npu::subtitle
