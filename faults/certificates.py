"""A certificate authority of one run, and certificates with planted mistakes."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAMES = ("auth.example.test", "registry.example.test")


class Authority:
    """Makes certificates; `pem` is what a client must believe."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pem = folder / "ca.pem"
        self._key = folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self._key, "-out", self.pem,
                "-days", "30", "-subj", "/CN=test authority")

    def issue(self, label: str, names: tuple[str, ...] = NAMES, begins: str = "", ends: str = "") -> Path:
        """Chain and key in one file, as HAProxy wants it. `begins` and `ends` are YYYYMMDDHHMMSSZ."""
        base = self.folder / label
        key, request, certificate = (base.with_suffix(end) for end in (".key", ".csr", ".crt"))
        extensions = base.with_suffix(".ext")
        extensions.write_text("basicConstraints=CA:FALSE\nsubjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}")
        if begins or ends:
            # `openssl x509` of this release knows no dates; the mini CA does.
            self._issue_dated(request, certificate, extensions, begins or "20200101000000Z", ends or "20400101000000Z")
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self._key, "-out", certificate, "-days", "20", "-extfile", extensions,
                    "-set_serial", str(abs(hash(label)) % 10**9 + 1))
        whole = base.with_suffix(".pem")
        whole.write_bytes(certificate.read_bytes() + key.read_bytes())
        return whole

    def self_signed(self) -> Path:
        key, certificate = self.folder / "self.key", self.folder / "self.crt"
        names = ",".join(f"DNS:{name}" for name in NAMES)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                "-days", "20", "-subj", "/CN=auth.example.test", "-addext", f"subjectAltName={names}")
        whole = self.folder / "self.pem"
        whole.write_bytes(certificate.read_bytes() + key.read_bytes())
        return whole

    def _issue_dated(self, request: Path, certificate: Path, extensions: Path, begins: str, ends: str):
        index = certificate.with_suffix(".index")
        index.write_text("")
        config = certificate.with_suffix(".cnf")
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\nrand_serial=yes\nnew_certs_dir={self.folder}\ncertificate={self.pem}\n"
            f"private_key={self._key}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
        )
        openssl("ca", "-batch", "-config", config, "-in", request, "-out", certificate, "-startdate", begins, "-enddate", ends, "-extfile", extensions, "-notext")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
