#!/usr/bin/env bash
# Checks the files beside it with the validators of those who read them. Debian: apt-get install slurm-client shellcheck, and
# pip install kubernetes-validate. A validator that is missing is an error.
set -euo pipefail
cd "$(dirname "$0")"

bash -n train.sbatch check.sh
shellcheck train.sbatch check.sh

# sbatch reads its options, and only then looks for a cluster, which is not here.
conf=$(mktemp)
trap 'rm -f "$conf" "$conf.sbatch"' EXIT
cat >"$conf" <<'END'
ClusterName=none
SlurmctldHost=none(127.0.0.1)
SlurmctldPort=9
AuthType=auth/none
GresTypes=gpu
MessageTimeout=5
END
reads_options_of() {
  { SLURM_CONF=$conf timeout 60 sbatch --test-only "$1" config.json 2>&1 || true; } | grep -q 'contact slurm controller'
}
reads_options_of train.sbatch || { echo 'sbatch does not take an option of train.sbatch' >&2; exit 1; }
# An option that does not exist is noticed.
sed 's/--nodes=2/--knots=2/' train.sbatch >"$conf.sbatch"
if reads_options_of "$conf.sbatch"; then echo 'sbatch did not read the options' >&2; exit 1; fi

for version in 1.31 1.37; do kubernetes-validate --strict -k "$version" train.yaml; done
