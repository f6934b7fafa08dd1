// samplers.cpp - the table. To add a sampler, write its function and add its row.
#include "ip2p/diffusion/samplers.h"

#include <array>
#include <vector>

#include "ip2p/base/error.h"
#include "ip2p/diffusion/sampler_list.h"

namespace ip2p {
namespace {

constexpr LevelRule continuous{.grid = Grid::continuous};
constexpr LevelRule open{.grid = Grid::open};
constexpr LevelRule karras{.grid = Grid::karras};
constexpr LevelRule ddim{.grid = Grid::ddim, .spacing = Spacing::leading};
constexpr LevelRule pndm{.grid = Grid::pndm, .spacing = Spacing::leading, .ends_at_zero = false};

constexpr std::array all_samplers{
    Sampler{"euler_a", sample_euler_ancestral, continuous, 1, true,
            "Euler with fresh noise at each step; the original's"},
    Sampler{"euler", sample_euler, continuous, 1, false, "Euler's method"},
    Sampler{"heun", sample_heun, continuous, 2, false, "Heun's method; two evaluations a step"},
    Sampler{"lms", sample_lms, continuous, 2, false, "linear multistep of order 4"},
    Sampler{"ddim", sample_ddim, ddim, 1, false, "DDIM without noise"},
    Sampler{"pndm", sample_plms, pndm, 2, false, "pseudo linear multistep (PLMS)"},
    Sampler{"dpmpp_2m", sample_dpmpp_2m, open, 2, false, "DPM-Solver++ (2M)"},
    Sampler{"dpmpp_2m_karras", sample_dpmpp_2m, karras, 2, false,
            "DPM-Solver++ (2M) on Karras' noise levels"},
    Sampler{"unipc", sample_unipc, open, 2, false, "UniPC of order 2"},
};

}  // namespace

std::span<const Sampler> samplers() {
  return all_samplers;
}

const Sampler& find_sampler(const std::string& name) {
  std::string known;
  for (const Sampler& sampler : all_samplers) {
    if (sampler.name == name) return sampler;
    known += text(known.empty() ? "" : ", ", sampler.name);
  }
  throw Error(Exit::usage, text("unknown sampler \"", name, "\"; known: ", known));
}

std::vector<SamplerInfo> sampler_list() {
  std::vector<SamplerInfo> list;
  for (const Sampler& sampler : all_samplers) list.push_back({sampler.name, sampler.description});
  return list;
}

void check_sampler_name(const std::string& name) {
  (void)find_sampler(name);
}

}  // namespace ip2p
