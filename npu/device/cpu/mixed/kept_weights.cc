// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/kept_weights.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "device/packed_cache.h"
#include "device/packed_file.h"
#include "log.h"

namespace npu::cpu {
namespace {

using nlohmann::json;

constexpr size_t kLeastBytes = size_t{8} << 20;
constexpr uint64_t kMostExtent = uint64_t{1} << 24;  // of a matrix, before memory is asked for

template <typename T>
std::span<std::byte> bytes_of(AlignedArray<T>& array) {
  return std::as_writable_bytes(std::span(array.data(), array.size()));
}

// The arrays of a matrix, in the order of the file.
std::vector<std::span<std::byte>> arrays(MixedMatrix& matrix) {
  if (matrix.element == Element::kBf16) return {bytes_of(matrix.bf16)};
  return {bytes_of(matrix.int8), bytes_of(matrix.scale), bytes_of(matrix.sum),
          bytes_of(matrix.column)};
}

json described(const std::string& name, const MixedMatrix& matrix) {
  return {{"name", name},
          {"rows", matrix.rows},
          {"cols", matrix.cols},
          {"int8", matrix.element == Element::kInt8},
          {"equalised", matrix.equalised()}};
}

bool is_extent(const json& entry, const char* name) {
  return entry.contains(name) && entry[name].is_number_unsigned() &&
         entry[name].get<uint64_t>() <= kMostExtent;
}
bool is_matrix(const json& entry) {
  return entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
         is_extent(entry, "rows") && is_extent(entry, "cols") && entry.contains("int8") &&
         entry["int8"].is_boolean() && entry.contains("equalised") &&
         entry["equalised"].is_boolean();
}
// Of the first array of a matrix, whose groups have 4 bytes.
uint64_t first_bytes(const json& entry) {
  const uint64_t group = entry["int8"].get<bool>() ? 4 : 2;
  const uint64_t groups = (entry["cols"].get<uint64_t>() + group - 1) / group;
  return round_up(entry["rows"].get<uint64_t>(), kPanelCols) * groups * 4;
}
bool is_plain(const json& entry) {
  return entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
         is_extent(entry, "size");
}

// Reads blobs one after the other.
class Reader {
 public:
  explicit Reader(PackedFile& file) : file_(file) {}

  // Whether so many bytes follow, before memory for them is asked for.
  bool follows(uint64_t bytes) const {
    return index_ < file_.blobs() && file_.blob_bytes(index_) == bytes;
  }
  Result<void> next(std::span<std::byte> out) {
    if (!follows(out.size())) return Error{ErrorCode::kBadModel, "expected blobs of other sizes"};
    return file_.read(index_++, out);
  }

 private:
  PackedFile& file_;
  size_t index_ = 0;
};

Result<void> read_weights(PackedFile& file, const std::string& contents, MixedWeights& weights) {
  const json document = json::parse(contents, nullptr, /*allow_exceptions=*/false);
  const Error unexpected{ErrorCode::kBadModel, "expected a description of matrices and tables"};
  if (!document.is_object() || !document.contains("matrices") || !document.contains("plains"))
    return unexpected;
  MixedWeights::Matrices matrices;
  MixedWeights::Plains plains;
  Reader reader(file);
  for (const json& entry : document["matrices"]) {
    if (!is_matrix(entry) || !reader.follows(first_bytes(entry))) return unexpected;
    auto matrix =
        std::make_unique<MixedMatrix>(entry["rows"].get<size_t>(), entry["cols"].get<size_t>(),
                                      entry["int8"].get<bool>() ? Element::kInt8 : Element::kBf16,
                                      entry["equalised"].get<bool>());
    for (const auto array : arrays(*matrix)) NPU_TRY(reader.next(array));
    matrices[entry["name"].get<std::string>()] = std::move(matrix);
  }
  for (const json& entry : document["plains"]) {
    if (!is_plain(entry) || !reader.follows(entry["size"].get<uint64_t>() * sizeof(float)))
      return unexpected;
    auto plain = std::make_unique<FloatArray>(entry["size"].get<size_t>());
    NPU_TRY(reader.next(bytes_of(*plain)));
    plains[entry["name"].get<std::string>()] = std::move(plain);
  }
  weights.adopt(std::move(matrices), std::move(plains));
  return {};
}

}  // namespace

KeptWeights::KeptWeights(WeightIdentity identity, Element element)
    : identity_(std::move(identity)),
      kind_(text("cpu-", element == Element::kInt8 ? "int8" : "bf16", '-', kPackedLayout)),
      file_(packed_cache_file(identity_, kind_)) {}

bool KeptWeights::load(MixedWeights& weights) const {
  if (file_.empty()) return false;
  auto file = PackedFile::open(file_);
  if (!file) {
    if (file.error().code != ErrorCode::kNotFound) log(LogLevel::kInfo, file.error().message);
    return false;
  }
  const PackedHeader header = read_packed_header(file->header());
  if (header.identity.path != identity_.path || header.identity.state != identity_.state ||
      header.kind != kind_) {
    log(LogLevel::kDebug, text(file_.string(), ": packed from what the model was before"));
    return false;
  }
  if (const auto read = read_weights(*file, header.contents, weights); !read) {
    log(LogLevel::kInfo, text(file_.string(), ": ", read.error().message));
    return false;
  }
  log(LogLevel::kDebug, text(file_.string(), ": took ", weights.bytes(), " bytes from it"));
  return true;
}

void KeptWeights::store(const MixedWeights& weights) const {
  if (file_.empty() || weights.bytes() < kLeastBytes) return;
  json contents{{"matrices", json::array()}, {"plains", json::array()}};
  std::vector<std::span<const std::byte>> blobs;
  for (const auto& [name, matrix] : weights.matrices()) {
    contents["matrices"].push_back(described(name, *matrix));
    for (const auto array : arrays(*matrix)) blobs.push_back(array);
  }
  for (const auto& [name, plain] : weights.plains()) {
    contents["plains"].push_back({{"name", name}, {"size", plain->size()}});
    blobs.push_back(bytes_of(*plain));
  }
  const auto written =
      write_packed_file(file_, write_packed_header({identity_, kind_, contents.dump()}), blobs);
  log(LogLevel::kDebug, written ? text(file_.string(), ": kept ", weights.bytes(), " bytes")
                                : text("packed weights are not kept: ", written.error().message));
}

}  // namespace npu::cpu
