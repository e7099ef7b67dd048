// SPDX-License-Identifier: LGPL-2.1-or-later
// Prepares a model for the NPU's arithmetic from recordings, and prints what was chosen.
//   prepare_bench [OPTION...] FILE...     FILE may end in :LANGUAGE
//     --model PATH       default: Whisper base; --threads N: default 2
//     --variant FOLDER:SUFFIX,...  into that folder, activations whose names end so are fine
//     instead
//                                  of the usual ones; repeatable
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "prepare/calibration.h"
#include "quantised/network_file.h"

namespace npu::bench {
namespace {

struct Settings {
  std::string model = testing::base_model().string();
  int threads = 2;
  std::vector<std::string> variants, files;
};

Result<void> prepare_to(const std::filesystem::path& folder,
                        const prepare::Calibration& calibration, const WeightIdentity& identity,
                        quantised::QuantiseOptions options) {
  options.report = [](const quantised::InputReport& report) {
    std::printf(
        "%-44s %s exponent %.2f noise %.1f dB, greatest %.1f, of channels %.3f (median) and %.3f "
        "(99 %%)\n",
        report.name.c_str(), report.input == quantised::Input::kFine ? "fine" : "int8",
        report.exponent, 10 * std::log10(report.noise + 1e-30), report.greatest,
        report.median_channel, report.high_channel);
  };
  NPU_TRY_ASSIGN(const quantised::Network network, calibration.quantise(options, {}));
  const auto path = folder / quantised::prepared_file(identity).filename();
  NPU_TRY(quantised::write_network(path, identity, network));
  std::printf("wrote %s\n", path.c_str());
  return {};
}

Result<void> run(const Settings& settings) {
  NPU_TRY_ASSIGN(const auto calibration,
                 prepare::Calibration::create(settings.model, settings.threads, {}));
  // Recordings of one language that follow each other are one: text before the window is then
  // heard as well.
  std::vector<float> samples;
  for (size_t i = 0; i < settings.files.size(); ++i) {
    const std::string& given = settings.files[i];
    const size_t colon = given.rfind(':');
    const std::string file = given.substr(0, colon);
    const std::string language = colon == std::string::npos ? "" : given.substr(colon + 1);
    NPU_TRY_ASSIGN(const testing::Audio audio, testing::read_audio(file));
    samples.insert(samples.end(), audio.samples.begin(), audio.samples.end());
    if (i + 1 < settings.files.size() && settings.files[i + 1].ends_with(":" + language)) continue;
    NPU_TRY_ASSIGN(const std::string text, calibration->listen(samples, language, {}));
    samples.clear();
    std::printf("%s:%s\n", file.c_str(), text.c_str());
  }
  NPU_TRY_ASSIGN(const WeightIdentity identity, calibration->identity());
  for (const std::string& variant : settings.variants) {
    const std::string folder = variant.substr(0, variant.find(':'));
    quantised::QuantiseOptions options;
    options.input = [&](const std::string& name) {
      std::istringstream suffixes(variant.substr(folder.size() + 1));
      for (std::string suffix; std::getline(suffixes, suffix, ',');)
        if (name.ends_with(suffix)) return quantised::Input::kFine;
      return quantised::Input::kInt8;
    };
    NPU_TRY(prepare_to(folder, *calibration, identity, options));
  }
  if (settings.variants.empty())
    return prepare_to(quantised::prepared_folder(), *calibration, identity, {});
  return {};
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return i + 1 < count ? arguments[++i] : ""; };
    if (name == "--model")
      settings.model = value();
    else if (name == "--threads")
      settings.threads = std::atoi(value());
    else if (name == "--variant")
      settings.variants.push_back(value());
    else
      settings.files.push_back(name);
  }
  const auto done = npu::bench::run(settings);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
