const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/**
 * After a UMD build, writes and prints the descriptor a host with runtime plugins asks for. The
 * integrity is of the bytes just written: it must be taken anew from every build.
 */
class DescriptorPlugin {
  apply(compiler) {
    compiler.hooks.done.tap('DescriptorPlugin', stats => {
      if (stats.hasErrors()) return;
      const { path: directory, library } = compiler.options.output;
      const file = `${Object.keys(compiler.options.entry)[0]}.js`;
      const bytes = fs.readFileSync(path.join(directory, file));
      const descriptor = {
        packageName: library.name,
        importPath: `/plugins/second-reader/${file}`,
        globalName: library.name,
        coreVersionRange: '>=3.14.0-beta.0 <4',
        integrity: `sha384-${crypto.createHash('sha384').update(bytes).digest('base64')}`,
        styles: [],
      };
      const text = JSON.stringify(descriptor, null, 2);
      fs.writeFileSync(
        path.join(directory, `${file.replace(/\.js$/, '')}.descriptor.json`),
        `${text}\n`,
      );
      console.log(`Runtime descriptor of ${library.name}:\n${text}`);
    });
  }
}

module.exports = { DescriptorPlugin };
