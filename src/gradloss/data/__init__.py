"""From public files to prepared pools: manifest, download, readers, preparation."""
