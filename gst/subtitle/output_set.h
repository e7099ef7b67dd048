// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of one medium, which appear together at its end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "subtitle/command_line.h"
#include "subtitle/failure.h"
#include "subtitle/output_file.h"
#include "subtitle/output_plan.h"

namespace npu::subtitle {

class OutputSet {
 public:
  struct Output {
    PlannedOutput plan;
    std::unique_ptr<OutputFile> file;  // null: standard output
  };

  // Opens everything that is planned. With --skip-existing, what exists is left out. Makes the
  // folders that are missing below an --output folder. Failures: those of OutputFile::create().
  static Outcome<OutputSet> create(const std::vector<PlannedOutput>& plan,
                                   const std::filesystem::path& input, const CommandLine& options);

  // Nothing is left to write.
  bool empty() const { return outputs_.empty(); }
  const std::vector<Output>& outputs() const { return outputs_; }

  // Writes the subtitle files under their temporary names. Failures: kOutput.
  Done write_captions(const captions::Transcript& transcript,
                      const captions::WriteOptions& options);
  // Has all files on the disk, then gives them their names. Failures: kOutput.
  Done commit();

 private:
  std::vector<Output> outputs_;
};

// All of `bytes` to standard output, at once. Failures: kOutput.
Done print_to_stdout(const std::string& bytes);

}  // namespace npu::subtitle
