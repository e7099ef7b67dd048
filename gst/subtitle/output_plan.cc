// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/output_plan.h"

#include <system_error>

#include "subtitle/file_names.h"

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& output) {
  std::error_code ignored;
  return output.back() == '/' || fs::is_directory(output, ignored);
}

fs::path place(const fs::path& input, const fs::path& below, const std::string& output,
               const std::string& suffix) {
  fs::path name = input.filename();
  name.replace_extension(suffix);
  if (output.empty()) return input.parent_path() / name;
  if (output != "-" && is_folder(output)) return fs::path(output) / below / name;
  return output;
}

PlannedOutput plan_video(const fs::path& input, const fs::path& below, const CommandLine& options,
                         bool burn) {
  const auto named = find_container(lower_extension(options.output));
  const Container container = options.container.value_or(named.value_or(container_for(input)));
  const std::string suffix =
      std::string(burn ? kBurnedMark : kEmbeddedMark) + "." + std::string(extension(container));
  return {VideoOutput{container, burn}, place(input, below, options.output, suffix)};
}

// The extension of a named file, if nothing else says the format.
std::vector<captions::CaptionFormat> formats_of(const CommandLine& options) {
  if (!options.formats.empty()) return options.formats;
  if (options.embed || options.burn) return {};
  const auto named = captions::find_format(lower_extension(options.output));
  return {named.value_or(captions::CaptionFormat::kSrt)};
}

}  // namespace

std::vector<PlannedOutput> plan_outputs(const fs::path& input, const fs::path& below,
                                        const CommandLine& options) {
  std::vector<PlannedOutput> plan;
  for (const captions::CaptionFormat format : formats_of(options)) {
    plan.push_back({CaptionOutput{format},
                    place(input, below, options.output, std::string(captions::extension(format)))});
  }
  if (options.embed) plan.push_back(plan_video(input, below, options, false));
  if (options.burn) plan.push_back(plan_video(input, below, options, true));
  return plan;
}

}  // namespace npu::subtitle
