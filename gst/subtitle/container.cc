// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/container.h"

#include <algorithm>
#include <array>

#include "subtitle/file_names.h"

namespace npu::subtitle {
namespace {

struct ContainerRow {
  Container container;
  std::string_view name;
  const char* muxer;
};

constexpr std::array<ContainerRow, 2> kContainers = {{
    {Container::kMatroska, "mkv", "matroskamux"},
    {Container::kMp4, "mp4", "mp4mux"},
}};

const ContainerRow& row_of(Container container) {
  return *std::find_if(kContainers.begin(), kContainers.end(),
                       [container](const ContainerRow& row) { return row.container == container; });
}

}  // namespace

std::optional<Container> find_container(std::string_view name) {
  const std::string lower = lower_case(name);
  for (const ContainerRow& row : kContainers) {
    if (row.name == lower) return row.container;
  }
  return std::nullopt;
}

std::string_view extension(Container container) {
  return row_of(container).name;
}

const char* muxer_of(Container container) {
  return row_of(container).muxer;
}

Container container_for(const std::filesystem::path& input) {
  const std::string name = lower_extension(input);
  return name == "mp4" || name == "m4v" || name == "m4a" ? Container::kMp4 : Container::kMatroska;
}

}  // namespace npu::subtitle
