/** Where the recipes of this package are: this file stands as high in `dist/` as it does here. For Node only. */
export const recipesFolder = new URL('../configs/', import.meta.url);

/** The same for grids. */
export const gridsFolder = new URL('../grids/', import.meta.url);
