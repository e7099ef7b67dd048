// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of installed models: who may write a model now, where it grows, how it gets its name.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/catalogue.h"
#include "models/files.h"
#include "models/progress.h"
#include "result.h"

namespace npu::models {

// A file of an installed model that was not pinned: repository, commit and sums, as the hub gave
// them when it was fetched.
inline constexpr char kRecordName[] = "npuwhisper.json";

// Reads the record of a model; nothing if it has none. Errors: kIo, kBadModel.
Result<std::optional<ModelSpec>> read_record(const std::filesystem::path& model_path);

// The specification to check an installed model against: pinned sums, else its record, else none.
Result<std::optional<ModelSpec>> installed_spec(const Catalogue& catalogue,
                                                const std::filesystem::path& model_path);

// Names of folders and files in `folder` that can be models, sorted; none if there is no folder.
std::vector<std::string> installed_names(const std::filesystem::path& folder);

// Whether all files are there in their sizes; sums are not looked at.
bool looks_complete(const std::filesystem::path& model_path, const ModelSpec& spec);

// A model on its way into the folder. It grows in NAME.partial beside its final place, each file as
// FILE.partial until its sum is right, and gets its name in one step. What was fetched stays for
// the next attempt if this one fails. One process at a time per name.
class Staging {
 public:
  // Makes the folders and takes the lock. Errors: kIo; kCancelled (another process has the lock;
  // the message says which).
  static Result<std::unique_ptr<Staging>> open(const std::filesystem::path& folder,
                                               const std::string& name);
  ~Staging();  // gives the lock back
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::filesystem::path& final_path() const { return final_; }
  const std::filesystem::path& path() const { return staging_; }
  // Where the bytes of a file go until it is accepted.
  std::filesystem::path partial_path(const FileSpec& file) const;

  // Whether a checked file is here or, right in size and sum, already in the final place.
  bool has(const FileSpec& file, Progress& progress) const;
  // Checks the partial file and gives it its name here. A wrong one is removed. Errors: kIo,
  // kBadModel.
  Result<void> accept(const FileSpec& file, Progress& progress);
  // Errors: kIo (says needed and free) if fewer than `bytes` are free.
  Result<void> require_space(uint64_t bytes) const;
  // Gives the model its name. Precondition: every file was accepted or is in place. Errors: kIo.
  Result<void> commit(const ModelSpec& spec);

 private:
  Staging(std::filesystem::path folder, const std::string& name, Descriptor lock);

  const std::filesystem::path folder_;
  const std::filesystem::path final_;
  const std::filesystem::path staging_;
  const std::filesystem::path lock_path_;
  const Descriptor lock_;
};

}  // namespace npu::models
