// SPDX-License-Identifier: LGPL-2.1-or-later
#include "xclbin_file.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string_view>

#include "xrt_headers.h"

namespace xrt_double {
namespace {

using Bytes = std::span<const char>;

template <typename T>
T read_at(Bytes data, size_t offset, const char* what) {
  if (offset > data.size() || data.size() - offset < sizeof(T))
    throw std::runtime_error(std::string("xclbin: ") + what + " exceeds buffer");
  T value;
  std::memcpy(&value, data.data() + offset, sizeof value);
  return value;
}

// The section of a kind, empty if there is none.
Bytes section(Bytes file, const axlf& header, axlf_section_kind kind) {
  for (uint32_t i = 0; i < header.m_header.m_numSections; ++i) {
    const auto entry = read_at<axlf_section_header>(
        file, offsetof(axlf, m_sections) + i * sizeof(axlf_section_header), "section header array");
    if (entry.m_sectionKind != static_cast<uint32_t>(kind)) continue;
    if (entry.m_sectionOffset > file.size() ||
        entry.m_sectionSize > file.size() - entry.m_sectionOffset)
      throw std::runtime_error("xclbin: section header out of range");
    return file.subspan(entry.m_sectionOffset, entry.m_sectionSize);
  }
  return {};
}

// The value of an attribute of an XML tag.
std::string attribute(std::string_view tag, const std::string& name) {
  const std::string key = " " + name + "=\"";
  const size_t at = tag.find(key);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + key.size();
  return std::string(tag.substr(begin, tag.find('"', begin) - begin));
}

// Calls `use` with each tag of a kind: from its name to its closing bracket.
template <typename Use>
void each_tag(std::string_view xml, const std::string& kind, Use use) {
  const std::string open = "<" + kind + " ";
  for (size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at + 1))
    use(xml.substr(at, xml.find('>', at) - at), at);
}

std::vector<KernelInfo> read_kernels(std::string_view xml) {
  std::vector<KernelInfo> kernels;
  each_tag(xml, "kernel", [&](std::string_view tag, size_t at) {
    KernelInfo kernel{attribute(tag, "name"), {}};
    const size_t end = xml.find("</kernel>", at);
    each_tag(xml.substr(at, end - at), "arg", [&](std::string_view arg, size_t) {
      kernel.arguments.push_back({attribute(arg, "name"), attribute(arg, "addressQualifier") == "1",
                                  std::stoul(attribute(arg, "size"), nullptr, 0),
                                  std::stoul(attribute(arg, "offset"), nullptr, 0), -1});
    });
    kernels.push_back(std::move(kernel));
  });
  return kernels;
}

// One kernel has all the connections: NPU xclbins of one kernel are all that this reads.
void connect(Bytes data, std::vector<KernelInfo>& kernels) {
  if (data.empty() || kernels.empty()) return;
  const auto count = read_at<int32_t>(data, 0, "CONNECTIVITY");
  for (int32_t i = 0; i < count; ++i) {
    const auto entry = read_at<connection>(
        data, offsetof(connectivity, m_connection) + static_cast<size_t>(i) * sizeof(connection),
        "CONNECTIVITY");
    auto& arguments = kernels.front().arguments;
    if (entry.arg_index < 0 || static_cast<size_t>(entry.arg_index) >= arguments.size())
      throw std::runtime_error("internal error: argidx mismatch");
    arguments[static_cast<size_t>(entry.arg_index)].bank = entry.mem_data_index;
  }
}

}  // namespace

XclbinFile read_xclbin(const std::string& path, size_t most_bytes) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("No such file '" + path + "'");
  std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  file.resize(std::min(file.size(), most_bytes));
  if (file.size() < sizeof(axlf))
    throw std::runtime_error("xclbin: buffer too small to contain header");
  const auto header = read_at<axlf>(file, 0, "header");
  if (std::memcmp(header.m_magic, "xclbin2", 8) != 0) throw std::runtime_error("Invalid xclbin");
  if (header.m_header.m_length != file.size())
    throw std::runtime_error("xclbin: m_length does not match buffer size");
  XclbinFile read;
  std::memcpy(read.uuid.data(), header.m_header.uuid, read.uuid.size());
  const Bytes xml = section(file, header, EMBEDDED_METADATA);
  read.kernels = read_kernels({xml.data(), xml.size()});
  connect(section(file, header, CONNECTIVITY), read.kernels);
  const auto partition = std::as_bytes(section(file, header, AIE_PARTITION));
  read.partition.assign(partition.begin(), partition.end());
  return read;
}

}  // namespace xrt_double
