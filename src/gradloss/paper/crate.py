"""A run as a Workflow Run RO-Crate: what was made, from what and with what, for machines to read.

The profile is https://w3id.org/ro/wfrun/workflow/0.5. What is not known is left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from gradloss.configuration.runs import canonical_json
from gradloss.data.manifest import Dataset
from gradloss.support.files import sha256_of

RO_CRATE = "1.1"  # the version on which the profiles stand
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
MERGED = "configuration.json"  # with the SHA-256 that provenance.json tells of config.yaml
VERSION = re.compile(r"\\version\{(.+)\}")
TYPES = MimeTypes()  # Python's own, whatever the system's are


@dataclass(frozen=True)
class Product:
    """A file of a crate, in which it has the path that it has in the repository.

    Attributes:
        path: Relative to the repository.
        sha256: Of its bytes.
        size: In bytes.
        rule: That makes it, or None.
    """

    path: str
    sha256: str
    size: int
    rule: str | None = None

    @classmethod
    def at(cls, path: str, rule: str | None = None) -> "Product":
        """The file at a path."""
        return cls(path, sha256_of(Path(path)), Path(path).stat().st_size, rule)

    @property
    def properties(self) -> dict[str, str | None]:
        """What a crate says of it."""
        return {
            "name": self.path,
            "contentSize": str(self.size),
            "sha256": self.sha256,
            "encodingFormat": TYPES.guess_type(self.path)[0],
            "description": self.rule and f"made by the rule {self.rule}",
        }


def build_crate(
    provenance: Mapping[str, Any],
    citation: Mapping[str, Any],
    workflow: Product,
    products: Iterable[Product],
    datasets: Iterable[Mapping[str, str]],
    manifest: Mapping[str, Dataset],
    machine: str,
) -> ROCrate:
    """The crate of a run; for equal arguments, its files are written with equal bytes.

    Args:
        provenance: Content of provenance.json.
        citation: Content of CITATION.cff.
        workflow: The Snakefile.
        products: All other files, made by a rule or used.
        datasets: Rows of data_sources.csv.
        manifest: Of the datasets that are downloaded.
        machine: On which the models were trained.
    """
    crate = ROCrate(version=RO_CRATE)
    crate.metadata.extra_contexts.append(TERMS)
    root, sources = crate.root_dataset, provenance["sources"]
    versions = {
        match[1]: record["text"]
        for macro, record in sorted(provenance["numbers"].items())
        if (match := VERSION.fullmatch(macro))
    }
    main = crate.add_workflow(workflow.path, workflow.path, main=True, lang="snakemake")
    _state(main.lang, version=versions.get("snakemake"))
    software = [
        _add(crate, f"#software-{name}", "SoftwareApplication", name=name, softwareVersion=version)
        for name, version in versions.items()
    ]
    _state(
        main,
        **workflow.properties,
        version=sources["hash"] or sources["commit"],
        identifier=sources["swhid"],
        codeRepository=sources["repository"],
        url=sources["repository"],
        softwareRequirements=software,
    )
    merged = canonical_json(provenance["configuration"])
    digest, size = sha256(merged.encode()).hexdigest(), len(merged.encode())
    used = [crate.add_file(StringIO(merged), MERGED)]
    _state(used[0], **Product(MERGED, digest, size).properties)
    made = []
    for product in products:
        file = crate.add_file(product.path, product.path)
        _state(file, **product.properties)
        (made if product.rule else used).append(file)
    used += [_add_dataset(crate, row, manifest.get(row["dataset"])) for row in datasets]
    run = _add(
        crate,
        "#run",
        "CreateAction",
        name=f"Run of {workflow.path}",
        description=f"The models were trained on {machine}.",
        instrument=main,
        object=used,
        result=made,
    )
    del root["datePublished"]  # of this moment
    licence = citation["license"]
    _state(
        root,
        name=citation["title"],
        description=f"Inputs and results of a run of the workflow, {sources['commit']}",
        version=citation["version"],
        keywords=", ".join(citation.get("keywords", [])),
        license=_add(crate, f"https://spdx.org/licenses/{licence}", "CreativeWork", name=licence),
        author=[_add_author(crate, author) for author in citation["authors"]],
        datePublished=sources["date"] or str(citation["date-released"]),
        conformsTo=[
            _add(crate, address, "CreativeWork", name=name, version=address.rpartition("/")[2])
            for address, name in PROFILES.items()
        ],
        mentions=run,
    )
    return crate


def _state(entity: Entity, **properties: Any) -> None:
    """Set what is known; one value stands for itself, as the specification recommends."""
    for name, value in properties.items():
        if value:
            entity[name] = value[0] if isinstance(value, list) and len(value) == 1 else value


def _add(crate: ROCrate, identifier: str, kind: str, **properties: Any) -> Entity:
    entity = crate.add(ContextEntity(crate, identifier, {"@type": kind}))
    _state(entity, **properties)
    return entity


def _add_author(crate: ROCrate, author: Mapping[str, str]) -> Entity:
    """A person or an entity, as CITATION.cff has them."""
    kind = "Organization" if "name" in author else "Person"
    parts = (author.get(key, "") for key in ("name", "given-names", "family-names"))
    name = " ".join(filter(None, parts))
    return _add(crate, author.get("orcid") or f"#author-{quote(name)}", kind, name=name)


def _add_dataset(crate: ROCrate, row: Mapping[str, str], entry: Dataset | None) -> Entity:
    """What a row of data_sources.csv tells and, unless it is a surrogate, the manifest."""
    dataset = _add(
        crate,
        f"#data-{row['dataset']}",
        "Dataset",
        name=row["dataset"],
        description=f"Taken from: {row['source']}. A SHA-256 is that of the decoded arrays.",
        license=row["licence"],
        citation=row["citation"],
        sha256=row["sha256"],
    )
    if entry and row["source"] != "surrogate":
        _state(dataset, name=entry.title, version=entry.version)
        addresses = [source for source in entry.sources if source.kind == "url"]
        served = [source for source in addresses if source.label == row["source"]]
        for address in (served or addresses)[:1]:
            files = [crate.add_file(f"{address.base}/{name}") for name in address.files]
            for file, digest in zip(files, address.files.values(), strict=True):
                _state(file, sha256=digest)
            _state(dataset, url=address.base, hasPart=files)
    return dataset
