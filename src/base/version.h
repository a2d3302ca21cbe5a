/* What `--version`, `monitor info version` and the manual page say. */
#ifndef STEPVM_BASE_VERSION_H
#define STEPVM_BASE_VERSION_H

#define STEPVM_VERSION "0.1.0"

#endif
