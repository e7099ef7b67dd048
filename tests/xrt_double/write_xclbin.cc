// SPDX-License-Identifier: LGPL-2.1-or-later
#include "write_xclbin.h"

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "xrt_headers.h"

namespace xrt_double {
namespace {

constexpr int kHost = 0, kSram = 1;  // banks
constexpr int kFirstBuffer = 3;
constexpr size_t kAlignment = 8;

template <typename T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string argument(const char* type, const std::string& name, int id, int bytes, int offset,
                     bool buffer) {
  std::ostringstream xml;
  xml << "<arg name=\"" << name << "\" addressQualifier=\"" << buffer << "\" id=\"" << id
      << "\" size=\"0x" << bytes << "\" offset=\"0x" << std::hex << offset
      << "\" hostOffset=\"0x0\" hostSize=\"0x" << bytes << "\" type=\"" << type << "\"/>\n";
  return xml.str();
}

std::string metadata(const XclbinSpec& spec) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<project><platform><device><core>\n<kernel "
      "name=\"" +
      spec.kernel +
      "\" language=\"c\" type=\"dpu\">\n"
      "<extended-data subtype=\"1\" functional=\"0\" dpu_kernel_id=\"0x901\"/>\n";
  xml += argument("uint64_t", "opcode", 0, 8, 0, false);
  xml += argument("char *", "instr", 1, 8, 8, true);
  xml += argument("uint32_t", "ninstr", 2, 4, 0x10, false);
  for (int i = 0; i < spec.buffers; ++i)
    xml += argument("void*", "bo" + std::to_string(i), kFirstBuffer + i, 8, 0x14 + 8 * i, true);
  return xml + "<instance name=\"MLIRAIE\"/>\n</kernel>\n</core></device></platform></project>\n";
}

std::string banks() {
  mem_data host{}, sram{};
  host.m_type = sram.m_type = MEM_DRAM;
  host.m_used = sram.m_used = 1;
  host.m_size = 0x10000;
  sram.m_size = 0xc000;
  host.m_base_address = sram.m_base_address = 0x4000000;
  std::memcpy(host.m_tag, "HOST", 4);
  std::memcpy(sram.m_tag, "SRAM", 4);
  const int32_t count = 2;
  std::string section(offsetof(mem_topology, m_mem_data), '\0');
  std::memcpy(section.data(), &count, sizeof count);
  return section + bytes_of(host) + bytes_of(sram);
}

std::string connections(const XclbinSpec& spec) {
  std::string section = bytes_of(int32_t{1 + spec.buffers}) + bytes_of(connection{1, 0, kSram});
  for (int i = 0; i < spec.buffers; ++i)
    section += bytes_of(connection{kFirstBuffer + i, 0, kHost});
  return section;
}

std::string instances(const XclbinSpec& spec) {
  ip_data data{};
  data.m_type = IP_PS_KERNEL;
  data.ps_kernel.m_subtype = 1;
  data.ps_kernel.m_kernel_id = 0x901;
  data.m_base_address = ~uint64_t{0};
  const std::string name = spec.kernel + ":MLIRAIE";
  std::memcpy(data.m_name, name.c_str(), std::min(name.size(), sizeof data.m_name - 1));
  std::string section(offsetof(ip_layout, m_ip_data), '\0');
  const int32_t count = 1;
  std::memcpy(section.data(), &count, sizeof count);
  return section + bytes_of(data);
}

// The head of the section, whose offsets count from its begin: one column set, no configuration.
std::string partition(const XclbinSpec& spec) {
  aie_partition head{};
  head.schema_version = 0;
  head.mpo_name = sizeof head;
  head.operations_per_cycle = 2048;
  head.info.column_width = 4;
  head.info.start_columns.size = 1;
  const size_t columns = (sizeof head + spec.program.size() + kAlignment) / kAlignment * kAlignment;
  head.info.start_columns.offset = static_cast<uint32_t>(columns);
  head.aie_pdi.offset = static_cast<uint32_t>(columns + 8);
  std::string section = bytes_of(head) + spec.program;
  section.resize(columns, '\0');
  section += bytes_of(uint16_t{1});
  section.resize(columns + 8, '\0');
  return section;
}

}  // namespace

void write_xclbin(const std::filesystem::path& path, const XclbinSpec& spec) {
  const std::vector<std::pair<axlf_section_kind, std::string>> sections = {
      {MEM_TOPOLOGY, banks()},
      {AIE_PARTITION, partition(spec)},
      {EMBEDDED_METADATA, metadata(spec)},
      {IP_LAYOUT, instances(spec)},
      {CONNECTIVITY, connections(spec)},
      {ASK_GROUP_CONNECTIVITY, connections(spec)},
      {ASK_GROUP_TOPOLOGY, banks()}};
  size_t offset = offsetof(axlf, m_sections) + sections.size() * sizeof(axlf_section_header);
  std::string headers, contents;
  for (const auto& [kind, data] : sections) {
    contents.resize((contents.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
    axlf_section_header header{};
    header.m_sectionKind = kind;
    header.m_sectionOffset = offset + contents.size();
    header.m_sectionSize = data.size();
    headers += bytes_of(header);
    contents += data;
  }
  axlf head{};
  std::memcpy(head.m_magic, "xclbin2", 8);
  head.m_signature_length = -1;
  head.m_header.m_length = offset + contents.size();
  head.m_header.m_versionMajor = 2;
  head.m_header.m_versionMinor = 25;
  head.m_header.m_numSections = static_cast<uint32_t>(sections.size());
  std::memset(head.m_header.uuid, spec.uuid_byte, sizeof head.m_header.uuid);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&head), offsetof(axlf, m_sections));
  out << headers << contents;
  if (!out.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

}  // namespace xrt_double
