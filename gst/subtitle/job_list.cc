// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/job_list.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "subtitle/file_names.h"

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

struct Folder {
  std::vector<fs::path> media;    // sorted
  std::vector<fs::path> folders;  // sorted; no links, so that no walk goes round in circles
};

Outcome<Folder> read_folder(const fs::path& path) {
  std::error_code error;
  Folder folder;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const bool is_hidden = entry->path().filename().string().starts_with('.');
    if (entry->is_directory(ignored)) {
      if (!is_hidden && !entry->is_symlink(ignored)) folder.folders.push_back(entry->path());
    } else if (is_media_name(entry->path())) {
      folder.media.push_back(entry->path());
    }
  }
  if (error) return Failure{ExitCode::kInput, path.string() + ": " + error.message()};
  std::sort(folder.media.begin(), folder.media.end());
  std::sort(folder.folders.begin(), folder.folders.end());
  return folder;
}

class Lister {
 public:
  explicit Lister(const CommandLine& options) : options_(options) {}

  void add(const fs::path& input) {
    std::error_code ignored;
    if (options_.action == Action::kSubtitle && fs::is_directory(input, ignored)) {
      add_top_folder(input);
    } else {
      add_file(input, "");
    }
  }

  std::vector<Job> take() { return std::move(jobs_); }

 private:
  void add_top_folder(const fs::path& path) {
    const size_t before = jobs_.size();
    bool any_below = false;
    walk(path, "", any_below);
    if (jobs_.size() > before) return;
    add_failure(
        path,
        path.string() + ": no media in this folder" +
            (any_below && !options_.recursive ? "; --recursive searches those below it, too" : ""));
  }

  void walk(const fs::path& path, const fs::path& below, bool& any_below) {
    const Outcome<Folder> folder = read_folder(path);
    if (!folder) {
      add_failure(path, folder.failure().message);
      return;
    }
    for (const fs::path& file : folder->media) add_file(file, below);
    any_below = any_below || !folder->folders.empty();
    if (!options_.recursive) return;
    for (const fs::path& child : folder->folders) walk(child, below / child.filename(), any_below);
  }

  void add_file(const fs::path& input, const fs::path& below) {
    Job job{input, {}, std::nullopt};
    if (options_.action == Action::kSubtitle) job.outputs = plan_outputs(input, below, options_);
    for (const PlannedOutput& output : job.outputs) {
      if (output.to_stdout()) continue;
      const auto [earlier, is_new] = claimed_.try_emplace(output.path.lexically_normal(), input);
      if (is_new) continue;
      job.failure =
          Failure{ExitCode::kOutput, input.string() + ": its output " + output.path.string() +
                                         " is that of " + earlier->second.string() + " already"};
    }
    jobs_.push_back(std::move(job));
  }

  void add_failure(const fs::path& path, const std::string& message) {
    jobs_.push_back({path, {}, Failure{ExitCode::kInput, message}});
  }

  const CommandLine& options_;
  std::vector<Job> jobs_;
  std::map<fs::path, fs::path> claimed_;  // output -> the input that gives it
};

}  // namespace

std::vector<Job> list_jobs(const CommandLine& options) {
  Lister lister(options);
  for (const std::string& input : options.inputs) lister.add(input);
  return lister.take();
}

}  // namespace npu::subtitle
