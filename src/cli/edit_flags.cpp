// edit_flags.cpp - one line a flag.
#include "edit_flags.h"

#include "option_flags.h"

namespace ip2p::cli {

void declare_edit_flags(CLI::App& app, EditFlags& flags) {
  // Of a flag that is given twice the last one counts, as in the original: scripts append to
  // commands.
  app.option_defaults()->take_last();
  // Positional and flag in one: `ip2p edit IN "TEXT" -o OUT` and edit_cli.py's --input --edit
  // --output.
  app.add_option("INPUT,--input", flags.input, "the picture to edit; - reads stdin");
  app.add_option("INSTRUCTION,--edit", flags.instruction, "what to change, in words");
  app.add_option("-o,--output", flags.output, "where the edited picture goes; - writes to stdout");
  app.add_option("--from", flags.from,
                 "make a picture again from the record inside it; flags override the record");

  add_flags(app, flags.options);

  app.add_option("--model", flags.model,
                 "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  app.add_option("--device", flags.device, "auto (default), cpu, cuda or cuda:N");
  app.add_option(
      "--dtype", flags.dtype,
      "auto (default: float32 on the CPU, float16 on CUDA), float32, bfloat16 or float16");

  app.add_option("--count", flags.count,
                 "variations, with the seeds from --seed upward; out.png becomes out_SEED.png")
      ->type_name("1 to 10000")
      ->check(check_whole_number<std::int64_t>)
      ->capture_default_str();
  app.add_option("--format", flags.format,
                 "png, jpeg, webp or tiff (default: the output's extension; png on stdout)");
  app.add_option("--quality", flags.quality, "of JPEG and WebP; WebP at 100 is lossless")
      ->type_name("1 to 100")
      ->check(check_whole_number<int>)
      ->capture_default_str();
  app.add_flag("--strip", flags.strip, "write neither the record nor the input's EXIF");
  app.add_flag("--overwrite", flags.overwrite, "replace files that exist");
  app.add_option("--max-megapixels", flags.max_megapixels, "refuse larger input pictures")
      ->capture_default_str();

  app.add_flag("--dry-run", flags.dry_run, "say what would be done, and check what can be checked");
  app.add_flag("--json", flags.json, "print one JSON object a picture instead of its path");
  app.add_flag("-q,--quiet", flags.quiet, "no progress and no notes; warnings stay");
  app.add_flag("-v,--verbose", flags.verbose, "say more");
}

}  // namespace ip2p::cli
