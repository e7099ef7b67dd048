// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that is there in full or not at all.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "captions/caption.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

// Where the subtitles of `input` go: beside it, or as `output` (a file or an existing folder) says.
std::filesystem::path output_path(const std::filesystem::path& input, const std::string& output,
                                  captions::CaptionFormat format);

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

  // Writes `bytes`, has them on the disk, and gives the file its name. Without `force` a file that
  // someone else made meanwhile is kept. Once only. Failures: kOutput.
  Done commit(std::string_view bytes);

  const std::filesystem::path& path() const { return target_; }

 private:
  OutputFile(std::filesystem::path target, std::filesystem::path temporary, int descriptor,
             bool force);
  Done write_all(std::string_view bytes);
  Done give_name();

  const std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty: written directly, or renamed
  int descriptor_;
  const bool force_;
};

}  // namespace npu::subtitle
