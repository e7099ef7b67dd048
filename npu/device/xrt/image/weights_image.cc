// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/weights_image.h"

#include <algorithm>
#include <cstring>

#include "layout/descriptor_check.h"

namespace npu::array {
namespace {

using kernels::Descriptor;
using kernels::kObjectBytes;
using kernels::kObjectK;
using kernels::kTile;
using kernels::Op;

uint64_t whole_objects(uint64_t bytes) {
  return (bytes + kObjectBytes - 1) / kObjectBytes * kObjectBytes;
}

std::string matrix_names(const ArrayStep& step) {
  std::string names;
  for (const Part& part : step.parts) names += (names.empty() ? "" : "+") + part.name;
  return names;
}

// Objects of one tap.
size_t tap_objects(const ArrayStep& step) {
  const size_t inputs = step.parts.front().matrix->cols / step.taps;
  return (inputs + kObjectK - 1) / kObjectK;
}

// The epilogue that gives a part its form.
kernels::Epilogue epilogue_of(const Part& part) {
  using kernels::Epilogue;
  switch (part.layout) {
    case Layout::kFine:
    case Layout::kNarrowFine:
      return Epilogue::kGeluFine;
    case Layout::kResidual:
    case Layout::kNarrowResidual:
      return Epilogue::kResidual;
    case Layout::kKeys:
      return Epilogue::kKt;
    case Layout::kValues:
      return Epilogue::kV;
    case Layout::kCacheRows:
      return Epilogue::kRows;
    case Layout::kLogits:
      return Epilogue::kLogits;
    default:
      return part.matrix->gelu ? Epilogue::kGelu : Epilogue::kI8;
  }
}

// The part that makes a tile, and the part's first tile.
struct PartTile {
  const Part* part;
  uint32_t first;
  uint32_t tiles;
};

PartTile part_of(const ArrayStep& step, uint32_t tile) {
  uint32_t first = 0;
  for (const Part& part : step.parts) {
    const uint32_t tiles = tiles_of(part.matrix->rows);
    if (tile < first + tiles) return {&part, first, tiles};
    first += tiles;
  }
  return {};
}

Descriptor product_tile(const ArrayStep& step, uint32_t tile, uint32_t tiles) {
  const PartTile of = part_of(step, tile);
  const bool is_last = tile + kArrayColumns >= of.first + of.tiles;
  uint32_t flags = 0;
  if (of.part->matrix->gelu && tile < kArrayColumns) flags |= kernels::kHasTable;
  if (step.zero_first_row) flags |= kernels::kZeroFirstRow;
  if (step.form.narrow && is_last) flags |= kernels::kFlush;
  return product_descriptor(*of.part->matrix, tile - of.first, epilogue_of(*of.part), step.form,
                            objects_of(step), share_of(step, tiles, tile), flags);
}

Descriptor descriptor_of(const ArrayList& list, const ArrayStep& step, uint32_t tile,
                         uint32_t tiles) {
  if (step.op == Op::kMatmul) return product_tile(step, tile, tiles);
  if (step.op == Op::kLayerNorm) return norm_descriptor(*step.norm, step.form, tile);
  const auto keys = static_cast<unsigned>(list.positions);
  return attention_descriptor(step.op, *step.attention, tile, step.form, {tiles_of(keys), keys},
                              share_of(step, tiles, tile),
                              tile < kArrayColumns ? kernels::kHasTable : 0u);
}

// Objects of one tile of outputs.
void write_objects(const ArrayStep& step, uint32_t tile, std::byte* to) {
  const PartTile of = part_of(step, tile);
  const quantised::Matrix& matrix = *of.part->matrix;
  const size_t inputs = matrix.cols / step.taps, objects = tap_objects(step);
  const size_t first = (tile - of.first) * size_t{kTile};
  std::memset(to, 0, step.taps * objects * kObjectBytes);
  for (size_t n = 0; n < std::min(size_t{kTile}, matrix.rows - first); ++n)
    for (size_t tap = 0; tap < step.taps; ++tap) {
      const int8_t* row = matrix.weights.data() + (first + n) * matrix.cols + tap * inputs;
      for (size_t k = 0; k < inputs; ++k)
        to[(tap * objects + k / kObjectK) * kObjectBytes +
           kernels::b_object_index(static_cast<unsigned>(k % kObjectK), static_cast<unsigned>(n))] =
            static_cast<std::byte>(row[k]);
    }
}

Result<void> put(const Descriptor& descriptor, const std::string& name, std::byte* to) {
  const std::string fault = kernels::descriptor_fault(descriptor);
  if (!fault.empty())
    return Error{ErrorCode::kUnsupported,
                 text(name, ": ", fault, "; prepare the model again with this version")};
  std::memcpy(to, &descriptor, sizeof descriptor);
  return {};
}

bool has_entry(const ArrayList& list, const ArrayStep& step) {
  return step.op == Op::kMatmul || step.op == Op::kLayerNorm ||
         list.value(step.keys).home == Home::kTemporary;
}

}  // namespace

std::vector<RowForm> forms_of(const ArrayStep& step) {
  if (!step.gives_logits()) return {step.form};
  std::vector<RowForm> forms;
  for (uint32_t rows = kernels::kBlockRows; rows <= kDecodeRows; rows *= 2)
    forms.push_back({rows, true});
  return forms;
}

ArrayStep in_form(const ArrayStep& step, const RowForm& form) {
  ArrayStep other = step;
  other.form = form;
  return other;
}

uint32_t objects_of(const ArrayStep& step) {
  return static_cast<uint32_t>(step.taps * tap_objects(step));
}

uint32_t tiles_of(const ArrayStep& step) {
  if (step.op == Op::kLayerNorm) return std::min(kArrayColumns, tiles_of(step.norm->gamma.size()));
  if (step.attention != nullptr) return static_cast<uint32_t>(step.attention->mult.size());
  uint32_t tiles = 0;
  for (const Part& part : step.parts) tiles += tiles_of(part.matrix->rows);
  return tiles;
}

Share share_of(const ArrayStep& step, uint32_t tiles, uint32_t tile) {
  const uint32_t select = tile % kArrayColumns;
  const uint32_t there = std::min(kArrayColumns, tiles - (tile - select));
  // Two heads lie in one object of queries.
  return {step.attention != nullptr ? (there + 1) / 2 : there, select};
}

unsigned passed_objects(const ArrayList& list, const ArrayStep& step, uint32_t tiles) {
  if (step.op == Op::kLayerNorm) return 2 * tiles_of(step.norm->gamma.size());
  const unsigned shared = share_of(step, tiles, tiles - 1).columns;
  if (step.op != Op::kMatmul) return shared;
  const unsigned planes = is_fine(list.value(step.in).layout) ? 2 : 1;
  return planes * objects_of(step) + (step.residual >= 0 ? shared : 0);
}

std::string entry_name(const ArrayList& list, const ArrayStep& step) {
  std::string name =
      text(step.op == Op::kMatmul ? matrix_names(step) : step.name, ", ", step.form.rows, " rows");
  if (step.attention != nullptr) name += text(", ", list.positions, " keys");
  return name;
}

std::string table_name(const ArrayValue& value) {
  return text(value.name, ", ", value.rows, " rows");
}

// Gives entries their places.
class ImagePlanner {
 public:
  explicit ImagePlanner(WeightsImage& image) : image_(image) {}

  void add(const ArrayList& list) {
    for (const ArrayStep& step : list.steps)
      if (has_entry(list, step))
        for (const RowForm& form : forms_of(step)) add(list, in_form(step, form));
    for (const ArrayValue& value : list.values)
      if (value.home == Home::kTable) add(value);
  }

 private:
  void add(const ArrayList& list, const ArrayStep& step) {
    const auto [place, is_new] = image_.directory_.try_emplace(entry_name(list, step));
    if (!is_new) return;
    ImageEntry& entry = place->second;
    entry.tiles = tiles_of(step);
    entry.descriptors = image_.bytes_;
    bool has_objects = false;
    if (step.op == Op::kMatmul) {
      entry.count = objects_of(step);
      const auto [first, none_yet] = objects_.try_emplace(matrix_names(step), &entry);
      has_objects = none_yet;
      entry.objects = none_yet ? image_.bytes_ + kObjectBytes : first->second->objects;
      entry.object_step = (1 + entry.count) * kObjectBytes;
    }
    entry.descriptor_step = has_objects ? entry.object_step : kObjectBytes;
    image_.bytes_ += entry.tiles * entry.descriptor_step;
    if (entry.tiles % kArrayColumns != 0) {
      entry.pass = image_.bytes_;
      image_.bytes_ += kObjectBytes;
    }
    image_.sources_.insert_or_assign(place->first, WeightsImage::Source{&list, step, has_objects});
  }
  void add(const ArrayValue& value) {
    const auto [place, is_new] = image_.directory_.try_emplace(table_name(value));
    if (!is_new) return;
    place->second.objects = image_.bytes_;
    place->second.object_step = matrix_at({}, value.layout, value.columns).row_step;
    place->second.tiles = tiles_of(value.rows);
    image_.bytes_ += whole_objects(matrix_bytes(value.layout, value.rows, value.columns));
    image_.tables_[place->first] = &value;
  }

  WeightsImage& image_;
  std::map<std::string, const ImageEntry*> objects_;  // by the names of the matrices
};

WeightsImage WeightsImage::plan(std::span<const ArrayList> lists) {
  WeightsImage image;
  ImagePlanner planner(image);
  for (const ArrayList& list : lists) planner.add(list);
  return image;
}

Result<void> WeightsImage::write(std::span<std::byte> image) const {
  if (image.size() != bytes_)
    return Error{ErrorCode::kInvalidArgument,
                 text("weights image: expected room for ", bytes_, " bytes, found ", image.size())};
  for (const auto& [name, source] : sources_) {
    const ImageEntry& entry = directory_.at(name);
    for (uint32_t tile = 0; tile < entry.tiles; ++tile) {
      std::byte* to = image.data() + entry.descriptors + tile * entry.descriptor_step;
      NPU_TRY(put(descriptor_of(*source.list, source.step, tile, entry.tiles), name, to));
      if (source.has_objects) write_objects(source.step, tile, to + kObjectBytes);
    }
    if (entry.pass == 0) continue;
    const unsigned count = passed_objects(*source.list, source.step, entry.tiles);
    NPU_TRY(put(pass_descriptor(source.step.form, count), name, image.data() + entry.pass));
  }
  for (const auto& [name, value] : tables_) {
    const Tiles tiles = matrix_at({Buffer::kWeights, 0, directory_.at(name).objects}, value->layout,
                                  value->columns);
    const size_t rows = std::min(value->rows, value->table->size() / value->columns);
    pack(*value->table, rows, value->columns, tiles, image.data());
  }
  return {};
}

}  // namespace npu::array
