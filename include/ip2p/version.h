// version.h - the version of ip2p; CMake reads it from here, so that it exists once.
#pragma once

#define IP2P_VERSION "0.1.0"
