#include "testrun.h"
int testrun(const struct options *o)
{
	(void)o;
	return 1;
}
